import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { statusText } from "../outgoing/texts.ts";
import { CHECKPOINTS, isEnded, ISSUE_STATES, hasReached, STATE_WORDS, stateMeaning, TRANSITIONS } from "./states.ts";

it("an ended issue is one that nobody works on any more", () => {
  const ended = ISSUE_STATES.filter((state) => isEnded(state));
  expect(ended).toEqual(["pr", "answered", "stopped", "cancelled", "failed", "withdrawn", "expired"]);
  expect(isEnded(null)).toBe(false);
});

it("a checkpoint is reached by itself and by those after it", () => {
  for (const [at, one] of CHECKPOINTS.entries()) {
    expect(CHECKPOINTS.filter((wanted) => hasReached(one, wanted))).toEqual(CHECKPOINTS.slice(0, at + 1));
  }
});

it("an ended issue is worked on again only by way of the queue", () => {
  const ended = ISSUE_STATES.filter((state) => isEnded(state) && state !== "withdrawn");
  for (const state of ended) expect(TRANSITIONS[state].filter((next) => !isEnded(next))).toEqual(["queued"]);
  expect(TRANSITIONS.withdrawn).not.toContain("pr");
});

it("a question that expires was asked, and an answer is that of a run", () => {
  const before = (next: (typeof ISSUE_STATES)[number]) =>
    ISSUE_STATES.filter((from) => TRANSITIONS[from].includes(next));
  expect(before("expired")).toEqual(["queued", "parked", "blocked"]);
  expect(before("answered")).toEqual(["queued", "running", "retrying", "parked"]);
});

/** Return the states that may follow, as the table in docs/architecture.md shows them. */
function nextText(state: (typeof ISSUE_STATES)[number]): string {
  const list = (states: readonly string[]) => states.map((one) => `\`${one}\``).join(", ");
  const excluded = ISSUE_STATES.filter((next) => next !== state && !TRANSITIONS[state].includes(next));
  if (excluded.length > 4) return list(TRANSITIONS[state]);
  return excluded.length === 0 ? "any other state" : `any other state, except ${list(excluded)}`;
}

it("a state has one name and one meaning in comments and docs", () => {
  const docs = readFileSync(new URL("../../../../docs/architecture.md", import.meta.url), "utf8");
  const facts = { runner: null, since: "2026-11-22T03:10:00Z", branch: null, prNumber: 9, headSha: null, usage: null };
  for (const state of ISSUE_STATES) {
    const { title, meaning } = STATE_WORDS[state];
    expect(title.toLowerCase()).toBe(state);
    expect(docs.replaceAll(/ +/g, " ")).toContain(`| \`${state}\` | ${meaning} | ${nextText(state)} |`);
    for (const isWithheld of [false, true]) {
      const text = statusText({ ...facts, state, reason: null, isWithheld }, { trigger: "go" });
      expect(text.startsWith(`**${title}**`)).toBe(true);
    }
    expect(stateMeaning(state)).toBe(meaning);
  }
  expect(stateMeaning("hold")).toBeNull();
});
