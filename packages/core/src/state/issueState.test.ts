import { describe, expect, it } from "vitest";
import {
  applyPatch,
  encodePatch,
  fieldsToRead,
  parseIssueState,
  type IssuePatch,
  type RecordPath,
} from "./issueState.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const RUN = "0b5f9c1e-7c3d-4b7a-9a53-5dd1f1d1a111";
const run = { n: 1, run: RUN, runner: "pi/0", at: "2026-11-25T12:00:00.000Z", session: RUN };

const IDS: readonly RecordPath[] = ["run.id", "agent.session", "agent.run"];
const SHAS: readonly RecordPath[] = [
  "branch.base",
  "branch.start",
  "branch.head",
  "branch.others",
  "branch.published",
  "branch.publishedFrom",
  "pull.headBefore",
];

describe("the hash of an issue", () => {
  it("is read as it was written", () => {
    const patch: IssuePatch = {
      ...Object.fromEntries(IDS.map((name) => [name, RUN])),
      ...Object.fromEntries(SHAS.map((name) => [name, SHA])),
      "branch.others": SHA.padEnd(64, "0"),
      "agent.runs": [run],
      "branch.rebase": { from: SHA, onto: SHA },
      "agent.runCount": 3,
    };
    expect(parseIssueState(encodePatch(patch).set)).toEqual(applyPatch(parseIssueState({}), patch));
  });

  it.each([
    "../widgets",
    "/etc",
    "a/b",
    ".",
    "..",
    "",
    "-",
    "--resume",
    "-x",
    "a b",
    "a\n",
    "a\0",
    "é",
    "x".repeat(65),
  ])("a run or session that is %j is missing", (value) => {
    const hash = Object.fromEntries(fieldsToRead(IDS).map((field) => [field, value]));
    expect(parseIssueState(hash, IDS)).toEqual(parseIssueState({}, IDS));
    for (const bad of [
      { ...run, run: value },
      { ...run, session: value },
    ]) {
      expect(parseIssueState({ runs: JSON.stringify([bad]) }).agent.runs).toBeNull();
    }
  });

  it.each([
    "main",
    "HEAD",
    "refs/heads/main",
    "cafe",
    SHA.slice(1),
    `${SHA}0`,
    SHA.toUpperCase(),
    `${SHA}\n`,
    `^${SHA}`,
    `${SHA}^`,
    `${SHA}..main`,
    `${SHA}:README.md`,
    "--all",
    "-",
    "",
  ])("a commit that is %j is missing", (value) => {
    const hash = Object.fromEntries(fieldsToRead(SHAS).map((field) => [field, value]));
    expect(parseIssueState(hash, SHAS)).toEqual(parseIssueState({}, SHAS));
    for (const bad of [
      { from: value, onto: SHA },
      { from: SHA, onto: value },
    ]) {
      expect(parseIssueState({ rebase: JSON.stringify(bad) }).branch.rebase).toBeNull();
    }
  });
});
