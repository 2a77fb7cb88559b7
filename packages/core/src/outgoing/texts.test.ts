import { describe, expect, it } from "vitest";
import { ISSUE_STATES } from "../domain/states.ts";
import {
  anotherRound,
  answerText,
  failureText,
  MAX_BODY,
  pullBody,
  pullTitle,
  questionText,
  statusText,
  type PullFacts,
  type StatusFacts,
} from "./texts.ts";
import { NO_USAGE } from "../domain/usage.ts";

/** Of a pull request, without its summary. */
const PULL: Omit<PullFacts, "summary"> = {
  usage: NO_USAGE,
  models: ["m"],
  denied: null,
  run: "r",
  messageEffects: { commits: [], isWhole: true },
  notable: [],
};
const FACTS: StatusFacts = {
  state: "running",
  runner: "pi/0",
  since: "2026-11-22T03:10:59.000Z",
  branch: "auto/gh-1",
  prNumber: null,
  headSha: null,
  usage: null,
  reason: null,
};
const TRIGGER = { trigger: "rpi-auto" };
const EMOJI = "😀";
/** What GitHub takes, with room for a marker. */
const GITHUB_BODY = 65_536 - 2500;

describe("the status comment", () => {
  it.each(ISSUE_STATES)("has the state of an issue that is %s", (state) => {
    const text = statusText({ ...FACTS, state }, TRIGGER);
    expect(text).toMatch(/^\*\*[A-Z]/);
    const ended = ["pr", "answered", "stopped", "cancelled", "failed", "expired"].includes(state);
    expect(text.includes("add the label `rpi-auto` again")).toBe(ended);
  });

  it("names runner, time, pull request, commit, branch and figures", () => {
    expect(statusText(FACTS, TRIGGER)).toBe("**Running** on `pi/0` since 2026-11-22 03:10 UTC.");
    const usage = { ...NO_USAGE, inputTokens: 12_000, outputTokens: 345, costUsd: 0.42, durationMs: 200_000 };
    const done = statusText({ ...FACTS, state: "pr", prNumber: 9, headSha: "a1b2c3d4e5f6", usage }, TRIGGER);
    expect(done).toContain("**PR**: #9 at a1b2c3d.");
    expect(done).toContain("_3 min 20 s · 12,345 tokens · $0.42_");
    const failed = statusText({ ...FACTS, state: "failed", headSha: "a1b2c3d4e5f6", reason: "a\nb" }, TRIGGER);
    expect(failed).toContain("> a\n> b\n");
    expect(failed).toContain("on branch `auto/gh-1` (a1b2c3d)");
  });

  it("keeps its last line however long the reason is", () => {
    const text = statusText({ ...FACTS, state: "failed", reason: "\n".repeat(200_000) }, TRIGGER);
    expect(text.length).toBeLessThanOrEqual(MAX_BODY);
    expect(text).toContain("add the label");
  });
});

describe("comments stay within GitHub's limit", () => {
  it.each([
    ["60,000 letters", "x".repeat(60_000)],
    ["60,000 lines", "\n".repeat(30_000) + "x\n".repeat(30_000)],
    ["emoji", EMOJI.repeat(60_000)],
  ])("%s", (_, text) => {
    const question = questionText(`?${text}`);
    const failure = failureText({
      reason: text,
      advice: "Check it.",
      trigger: "rpi-auto",
      prNumber: null,
      denied: null,
    });
    const body = pullBody({
      summary: text,
      ...PULL,
    });
    const answer = answerText({ answer: text, trigger: "rpi-auto", prNumber: 7, denied: null });
    expect(answer).toMatch(/add the label `rpi-auto` again\.$/);
    for (const made of [question, failure, body, answer]) {
      expect(made.length).toBeLessThanOrEqual(GITHUB_BODY);
      expect(made.isWellFormed()).toBe(true);
    }
    expect(question).toMatch(/Reply to this issue to answer\.[^\n]*$/);
    expect(body).toMatch(/_Made by tac8: run r · m · 0 s_\n$/);
  });
});

describe("questions and failures", () => {
  it("quote every line, so that nothing in them is an order to GitHub's renderer", () => {
    expect(questionText("a?\n\n# b")).toContain("\n> a?\n> \n> # b\n");
    expect(questionText(" \n ")).toContain("empty BLOCKED.md");
    expect(
      failureText({ reason: "git said:\nno", advice: "Do this.", trigger: "go", prNumber: null, denied: null }),
    ).toContain("> git said:\n> no\n\nDo this. To try again, add the label `go`");
  });
});

describe("what was denied", () => {
  it("is named in pull request, answer and failure, also where the text is too long", () => {
    const denied = [{ tool: "Bash", detail: "git push" }];
    const words = "x\n".repeat(40_000);
    for (const text of [
      pullBody({
        summary: words,
        ...PULL,
        denied,
      }),
      answerText({ answer: words, trigger: "go", prNumber: null, denied }),
      failureText({ reason: words, advice: "Do this.", trigger: "go", prNumber: null, denied }),
    ]) {
      expect(text).toContain("\n\n- `Bash`: `git push`\n\n");
      expect(text.length).toBeLessThanOrEqual(GITHUB_BODY);
    }
  });
});

describe("the pull request", () => {
  it("has the agent's own words and the figures", () => {
    const body = pullBody({
      summary: " Did it. ",
      ...PULL,
      models: ["m", "n"],
    });
    expect(body).toBe("Did it.\n\n---\n_Made by tac8: run r · m + n · 0 s_\n");
    expect(
      pullBody({
        summary: "",
        ...PULL,
      }),
    ).toContain("left no summary");
  });

  it("adds another round if there is room, and does not truncate the existing text for it", () => {
    const facts = {
      summary: "x".repeat(5000),
      ...PULL,
    };
    expect(anotherRound(100, facts)).toContain("x".repeat(5000));
    const short = anotherRound(57_000, facts) ?? "";
    expect(short).toContain("[…cut]");
    expect(57_000 + short.length).toBeLessThan(MAX_BODY);
    expect(anotherRound(65_000, facts)).toBeNull();
  });

  it("says at the top that a command of the agent was still running, however long the rest is", () => {
    const facts = {
      ...PULL,
    };
    for (const summary of ["Did it.", "x".repeat(MAX_BODY)]) {
      const body = pullBody({ ...facts, summary, leftRunning: "a command had not ended (npm run dev)" });
      expect(body).toMatch(/^\*\*Before you merge\*\*: the agent ended while one of its commands was still running\./);
      expect(body).toContain("\n\n> a command had not ended (npm run dev)\n\n");
      expect(body.length).toBeLessThanOrEqual(GITHUB_BODY);
    }
  });

  it("says at the top that the edit history could not be read, and why", () => {
    const facts = {
      summary: "Did it.",
      ...PULL,
    };
    const body = pullBody({ ...facts, unreadable: "no access for @octo" });
    expect(body).toMatch(/^\*\*Before you merge\*\*: tac8 could not read the edit history of the issue\./);
    expect(body).toMatch(/\n\n> no access for .*\n\nDid it\./);
    expect(body).not.toContain(" @octo");
    expect(pullBody({ ...facts, unreadable: null })).not.toContain("edit history");
  });

  it("names commits that act when they are merged at its top", () => {
    const facts = { summary: "Did it.", ...PULL };
    const bodyOf = (commits: string[], isWhole: boolean) =>
      pullBody({ ...facts, messageEffects: { commits, isWhole } });
    const [named, unread] = [
      "commit messages in this pull request .*\\(abc1234\\)",
      "tac8 could not check all commit messages",
    ];
    expect(bodyOf(["abc1234"], true)).toMatch(new RegExp(`^\\*\\*Before you merge\\*\\*: ${named}.*\n\nDid it\\.\n`));
    expect(bodyOf(["abc1234"], false)).toMatch(new RegExp(`${named}.*\n\n.*${unread}.*\n\nDid it\\.\n`));
    expect(bodyOf([], false)).toMatch(new RegExp(`^\\*\\*Before you merge\\*\\*: ${unread}.*\n\nDid it\\.\n`));
  });

  it("closes a code block that the agent left open, so that the figures stay outside of it", () => {
    const body = pullBody({
      summary: "See:\n```ts\nconst a = 1;",
      ...PULL,
    });
    expect(body).toContain("const a = 1;\n```\n\n---\n");
  });

  it("says what the agent had left uncommitted", () => {
    const facts = {
      summary: "Done.",
      ...PULL,
    };
    const files = [...Array(20).keys()].map((index) => `src/${"x".repeat(500)}${index}.ts`);
    const body = pullBody({ ...facts, added: { files: ["a.ts", "b`.ts"], more: 0 } });
    expect(body).toContain("---\n_Not committed by the agent, committed by tac8:_ `a.ts`, `b'.ts`\n\n_Made by");
    const long = pullBody({ ...facts, summary: "x".repeat(MAX_BODY), added: { files, more: 3 } });
    expect(long).toContain(" and 13 more\n\n_Made by tac8: run r");
    expect(long.length).toBeLessThanOrEqual(GITHUB_BODY);
  });

  it.each([
    ["  two\n\tlines  ", "two lines"],
    [" ", "Issue 7"],
    ["`$(x)` {y}", "`$(x)` {y}"],
  ])("title of %j", (issueTitle, title) => {
    expect(pullTitle({ issueNumber: 7, issueTitle })).toBe(title);
  });

  it("has a title that GitHub takes, without half an emoji at the end", () => {
    for (const shift of [0, 1]) {
      const title = pullTitle({ issueNumber: 7, issueTitle: "a".repeat(shift) + EMOJI.repeat(128) });
      expect(title.length).toBeLessThanOrEqual(250);
      expect(title.isWellFormed()).toBe(true);
    }
  });
});

it("says of a cancelled issue that it has to be open to be worked on again", () => {
  const facts = { runner: null, since: "", branch: null, prNumber: null, headSha: null, usage: null };
  const text = statusText({ ...facts, state: "cancelled", reason: "the issue was closed" }, { trigger: "go" });
  expect(JSON.stringify(text)).toContain("reopen the issue if it is closed, and add the label `go` again.");
});

it("withheld work is no question of an agent", () => {
  const withheld = { ...FACTS, isWithheld: true };
  expect(statusText({ ...withheld, state: "blocked" }, TRIGGER)).toMatch(
    /needs a decision before it is published\. The comment below/,
  );
  expect(statusText({ ...withheld, state: "expired" }, TRIGGER)).toMatch(/finished work was not published in time/);
  expect(statusText({ ...FACTS, state: "blocked" }, TRIGGER)).toMatch(/\*\*Blocked\*\*: the agent needs a reply/);
});
