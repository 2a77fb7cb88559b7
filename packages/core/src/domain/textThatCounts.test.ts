import { describe, expect, it } from "vitest";
import {
  accountsOf,
  decideTextThatCounts,
  stopOfPinned,
  stopReason,
  type Edit,
  type Edits,
  type TextFacts,
  type IssueComment,
  type IssueHistory,
} from "./textThatCounts.ts";

const BEFORE = "2026-11-01T09:59:59Z";
const LABEL = "2026-11-01T10:00:00Z";
const AFTER = "2026-11-01T10:00:01Z";
const LATER = "2026-11-01T11:00:00Z";
/** `ann` can write, `tidy[bot]` too; `author` opened the issue. */
const TRUSTED = new Set(["ann", "tidy[bot]"]);

const by = (editor: string | null, at: string): Edit => ({ editor, at });
const edits = (...list: Edit[]): Edits => ({ edits: list, isCut: false });
const cut = (...list: Edit[]): Edits => ({ edits: list, isCut: true });
const NONE = edits();

function decide(
  history: Partial<IssueHistory> | null,
  more: Partial<TextFacts<IssueComment>> = {},
): ReturnType<typeof decideTextThatCounts<IssueComment>> {
  const whole = { title: "Now", body: "Text now", titleEdits: NONE, bodyEdits: NONE, comments: new Map(), ...history };
  return decideTextThatCounts({
    labelledAt: LABEL,
    history: history === null ? null : whole,
    issue: { title: "By REST", body: "Text by REST", author: "author" },
    comments: [],
    policy: "trusted",
    isTrusted: (login) => TRUSTED.has(login),
    ...more,
  });
}

describe("title and body", () => {
  it.each<[string, Edits, string | null | undefined]>([
    // the account that stops the work; undefined: none
    ["never edited", NONE, undefined],
    ["edited by the author before the label", edits(by("author", BEFORE)), undefined],
    ["edited by a trusted account before the label", edits(by("ann", BEFORE)), undefined],
    ["edited by a deleted account before the label", edits(by(null, BEFORE)), undefined],
    ["edited by the author in the second of the label", edits(by("author", LABEL)), "author"],
    [
      "edited by the author in the same second, with a fraction",
      edits(by("author", "2026-11-01T10:00:00.000Z")),
      "author",
    ],
    ["edited by the author a second later", edits(by("author", AFTER)), "author"],
    ["edited by a trusted account in the second of the label", edits(by("ann", LABEL)), undefined],
    ["edited by a trusted account later", edits(by("ann", LATER)), undefined],
    ["edited by a trusted account, in other letters", edits(by("ANN", LATER)), undefined],
    ["edited by a deleted account later", edits(by(null, AFTER)), null],
    ["edited by a bot that may not write", edits(by("other[bot]", AFTER)), "other[bot]"],
    ["edited by a bot that may write", edits(by("tidy[bot]", AFTER)), undefined],
    ["edited by a user with the name of that bot", edits(by("tidy", AFTER)), "tidy"],
    ["edited by the author, and back again", edits(by("author", AFTER), by("author", LATER)), "author"],
    ["edited by the author, then by a trusted account", edits(by("author", AFTER), by("ann", LATER)), "author"],
    ["edited by a trusted account, then by the author", edits(by("ann", AFTER), by("author", LATER)), "author"],
    [
      "edited by the author before, by a trusted account after",
      edits(by("author", BEFORE), by("ann", LATER)),
      undefined,
    ],
    ["in the order that GitHub likes", edits(by("ann", LATER), by("author", BEFORE), by("author", AFTER)), "author"],
    ["an edit at a time that cannot be read", edits(by("author", "yesterday")), "author"],
    ["more edits than are listed, back to before the label", cut(by("ann", LATER), by("author", BEFORE)), undefined],
    ["more edits than are listed, all later", cut(by("ann", LATER), by("ann", AFTER)), null],
    ["more edits than are listed, one of the author's", cut(by("ann", LATER), by("author", AFTER)), "author"],
    ["more edits than are listed, and none is", cut(), undefined],
  ])("%s", (_, list, editor) => {
    const stops = [decide({ bodyEdits: list }).stop, decide({ titleEdits: list }).stop];
    expect(stops.map((stop) => stop?.editor)).toEqual([editor, editor]);
    expect(decide({ bodyEdits: list }).stop?.what).toBe(editor === undefined ? undefined : "body");
    expect(decide({ titleEdits: list }).stop?.what).toBe(editor === undefined ? undefined : "title");
  });

  it("are those of the history, or REST's where there is none", () => {
    expect(decide({})).toMatchObject({ title: "Now", body: "Text now", stop: null });
    expect(decide(null)).toMatchObject({ title: "By REST", body: "Text by REST", stop: null });
  });

  it("every edit counts as late where the label's time is not known", () => {
    expect(decide({ bodyEdits: edits(by("author", BEFORE)) }, { labelledAt: "" }).stop?.editor).toBe("author");
  });

  it("names the first edit that stops the work", () => {
    const { stop } = decide({ bodyEdits: edits(by("author", LATER), by("author", AFTER), by("ann", LABEL)) });
    expect(stop).toEqual({ what: "body", editor: "author", when: AFTER });
  });
});

describe("comments", () => {
  const comment = (login: string, createdAt: string, updatedAt = createdAt): IssueComment => ({
    id: 7,
    author: { login },
    createdAt,
    updatedAt,
  });
  it.each<[string, IssueComment, Edits | undefined, [trusted: boolean, all: boolean]]>([
    ["of a trusted account, before", comment("ann", BEFORE), NONE, [true, true]],
    ["of a trusted account, in other letters", comment("Ann", BEFORE), NONE, [true, true]],
    ["of a trusted account, after", comment("ann", LATER), NONE, [true, true]],
    [
      "of a trusted account, edited by them after",
      comment("ann", BEFORE, LATER),
      edits(by("ann", LATER)),
      [true, true],
    ],
    [
      "of a trusted account, edited by a bot after",
      comment("ann", BEFORE, LATER),
      edits(by("x[bot]", LATER)),
      [false, false],
    ],
    [
      "of a trusted account, edited by a bot before",
      comment("ann", BEFORE, BEFORE),
      edits(by("x[bot]", BEFORE)),
      [true, true],
    ],
    [
      "of a trusted account, edited by a deleted account",
      comment("ann", BEFORE, LATER),
      edits(by(null, LATER)),
      [false, false],
    ],
    ["of a trusted account, edited after, not listed", comment("ann", BEFORE, LATER), undefined, [false, false]],
    ["of a trusted account, not listed", comment("ann", LATER), undefined, [true, true]],
    ["of the author, before", comment("author", BEFORE), NONE, [true, true]],
    ["of the author, before, not listed", comment("author", BEFORE), undefined, [true, true]],
    ["of the author, in the second of the label", comment("author", LABEL), NONE, [false, false]],
    ["of the author, after", comment("author", LATER), NONE, [false, false]],
    ["of the author, edited after", comment("author", BEFORE, LATER), edits(by("author", LATER)), [false, false]],
    [
      "of the author, edited by a trusted account after",
      comment("author", BEFORE, LATER),
      edits(by("ann", LATER)),
      [true, true],
    ],
    [
      "of the author, changed after, and the edit is not there yet",
      comment("author", BEFORE, LATER),
      NONE,
      [false, false],
    ],
    ["of the author, edited before", comment("author", BEFORE, BEFORE), edits(by("author", BEFORE)), [true, true]],
    ["of a stranger, before", comment("stranger", BEFORE), NONE, [false, true]],
    ["of a stranger, after", comment("stranger", LATER), NONE, [false, false]],
    ["of a stranger, edited after", comment("stranger", BEFORE, LATER), edits(by("stranger", LATER)), [false, false]],
    ["of a bot that may not write", comment("x[bot]", BEFORE), NONE, [false, true]],
    ["of a bot that may write", comment("tidy[bot]", LATER), NONE, [true, true]],
    ["of a deleted account", comment("ghost", BEFORE), NONE, [false, true]],
  ])("%s", (_, comment, list, expected) => {
    const comments = new Map(list === undefined ? [] : [[7, list]]);
    const kept = (["trusted", "all"] as const).map((policy) => {
      const text = decide({ comments }, { comments: [comment], policy });
      expect(text.stop, "a comment never stops the work").toBeNull();
      expect(text.leftOut).toBe(1 - text.comments.length);
      return text.comments.length === 1;
    });
    expect(kept).toEqual(expected);
  });

  it("count by REST's times where there is no history", () => {
    const of = (comment: IssueComment) => decide(null, { comments: [comment] }).comments.length === 1;
    expect(of(comment("ann", BEFORE, LATER))).toBe(true);
    expect(of(comment("author", BEFORE))).toBe(true);
    expect(of(comment("author", BEFORE, LATER))).toBe(false);
    expect(of(comment("stranger", BEFORE))).toBe(false);
  });

  it("of a deleted account are not the author's, whose account was deleted too", () => {
    const issue = { title: "", body: "", author: "ghost" };
    expect(decide({}, { issue, comments: [comment("ghost", BEFORE)] }).leftOut).toBe(1);
  });
});

describe("accounts to look up", () => {
  const comment = (login: string): IssueComment => ({
    id: 1,
    author: { login },
    createdAt: BEFORE,
    updatedAt: BEFORE,
  });
  const history = {
    title: "",
    body: "",
    titleEdits: edits(by("Ann", LATER)),
    bodyEdits: edits(by("ann", LABEL), by("early", BEFORE), by(null, LATER)),
    comments: new Map([[1, edits(by("editor", LATER))]]),
  };

  it("are late editors and authors of comments, each once", () => {
    const comments = [comment("bob"), comment("ghost"), comment("Bob"), comment("ann")];
    expect(accountsOf({ labelledAt: LABEL, history, comments })).toEqual(["ann", "bob", "editor"]);
    expect(accountsOf({ labelledAt: LABEL, history: null, comments })).toEqual(["ann", "bob"]);
  });

  it("are bounded: those who probably may come first, and a flood of others pushes no editor out", () => {
    const flood = [comment("member"), ...Array.from({ length: 500 }, (_, index) => comment(`user${index}`))];
    const asked = accountsOf({ labelledAt: LABEL, history, comments: flood }, (login) => login === "member");
    expect(asked.slice(0, 3)).toEqual(["ann", "member", "user499"]);
    expect(asked).toHaveLength(51);
  });
});

describe("the text at first sight", () => {
  const pinned = { title: "A", body: "B" };
  const now = (title: string, body: string) => stopOfPinned(pinned, { title, body, updatedAt: LATER });
  it.each([
    ["A", "B", undefined],
    ["A2", "B", "title"],
    ["A", "B2", "body"],
    ["A2", "B2", "text"],
  ])("%s/%s", (title, body, what) => {
    expect(now(title, body)?.what).toBe(what);
    expect(now(title, body)?.editor ?? null).toBeNull();
  });
});

it("says in one line who edited what, and when", () => {
  expect(stopReason({ what: "body", editor: "author", when: AFTER }, "rpi-auto")).toBe(
    "author edited the issue's body (2026-11-01 10:00:01 UTC) after the label rpi-auto was added, and has no write access to the repository",
  );
  expect(stopReason({ what: "text", editor: null, when: AFTER }, "rpi-auto")).toBe(
    "The issue's title and body changed (2026-11-01 10:00:01 UTC) after the label rpi-auto was added, and GitHub does not report which account made the change",
  );
});
