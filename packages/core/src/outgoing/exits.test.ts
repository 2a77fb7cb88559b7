import { expect, test } from "vitest";
import { cleanEvent } from "../conversation/shorten.ts";
import { clean } from "../domain/plainText.ts";
import { bounded } from "../notify/message.ts";
import { answerText, failureText, pullBody, questionText, statusText, withheldText } from "./texts.ts";
import { NO_USAGE } from "../domain/usage.ts";
import { expectHarmless, HOSTILE_TEXT } from "../testing/hostileText.fixture.ts";
import { asClause } from "../why/words.ts";
import {
  commitMessage,
  outgoingAddition,
  outgoingComment,
  outgoingDescription,
  outgoingPull,
  outgoingTitle,
} from "./outgoing.ts";

const asIs = (text: string) => text;
const body = (text: string) => outgoingComment({ marker: null, text }, asIs);
const pull = pullBody({
  summary: HOSTILE_TEXT,
  usage: NO_USAGE,
  models: [HOSTILE_TEXT],
  denied: [{ tool: HOSTILE_TEXT, detail: HOSTILE_TEXT }],
  leftRunning: HOSTILE_TEXT,
  run: "r",
  added: { files: [HOSTILE_TEXT], more: 0 },
  messageEffects: { commits: [], isWhole: true },
  notable: [{ subject: "git", path: HOSTILE_TEXT, note: HOSTILE_TEXT }],
});
const message = {
  id: "i",
  kind: "failed",
  at: "",
  title: HOSTILE_TEXT,
  text: HOSTILE_TEXT,
  issue: null,
  url: null,
} as const;

/** Every way by which text of agents and strangers leaves the core. Those of the command and of the board are tested there. */
const EXITS: Readonly<Record<string, string>> = {
  "a pull request's title": outgoingTitle(HOSTILE_TEXT, asIs),
  "a pull request's text": outgoingPull({ closes: 5, text: pull }, asIs),
  "another round on it": outgoingAddition({ before: "", text: pull }, asIs),
  "a question": body(questionText(HOSTILE_TEXT)),
  "an answer": body(answerText({ answer: HOSTILE_TEXT, trigger: "t", prNumber: null, denied: null })),
  "a failure": body(
    failureText({ reason: HOSTILE_TEXT, advice: "Check it.", trigger: "t", prNumber: null, denied: null }),
  ),
  "withheld work": body(withheldText({ reason: HOSTILE_TEXT, label: "l", where: "pi" })),
  "the status": body(
    statusText(
      {
        state: "failed",
        runner: null,
        since: "2026-11-22T03:10:59.000Z",
        branch: null,
        prNumber: null,
        headSha: null,
        usage: null,
        reason: HOSTILE_TEXT,
      },
      { trigger: "t" },
    ),
  ),
  "a label's description": outgoingDescription(HOSTILE_TEXT, asIs),
  "a commit's message": commitMessage(HOSTILE_TEXT),
  "a notification's title": bounded(message, asIs).title,
  "a notification's text": bounded(message, asIs).text,
  "the reason why": asClause(HOSTILE_TEXT),
  "the conversation": cleanEvent({ kind: "text", at: "", text: HOSTILE_TEXT } as never).text,
};

test.each(Object.entries(EXITS))("%s has nothing that is obeyed or hidden", (_name, text) => {
  expect(text).not.toBe("");
  expectHarmless(text);
});

test.each(Object.entries(EXITS).slice(0, 10))("%s closes, mentions and hides nothing on GitHub", (_name, text) => {
  const shown = text.replace(/^Fixes #5\n\n/, "").replaceAll(/`[^`\n]+`/g, "`");
  expect(shown).not.toMatch(/\b(?:fixes|closes|resolves|fixed)\s+(?:\S*#|GH-|https:)/i);
  expect(shown).not.toMatch(/@angular/);
  expect(shown).not.toContain("<!--");
});

test("what people write stays: other scripts, emoji that are joined, lines and tabs", () => {
  const text = "Grüße, שלום, مرحبا, 你好, 👩‍👩‍👧 ✅️, می‌خواهم\n\tcode";
  expect(clean(text)).toBe(text);
});
