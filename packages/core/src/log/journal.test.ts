import { describe, expect, it } from "vitest";
import { journalErrors, journalLine, writesToJournal } from "./journal.ts";

const line = (fields: object) => journalLine(`${JSON.stringify({ time: 1, pid: 2, hostname: "pi", ...fields })}\n`);

describe("journalLine", () => {
  it.each([
    [{ level: 20, msg: "asks" }, "<7>asks\n"],
    [{ level: 30, msg: "runner ready", runner: "pi/0", slots: 3 }, "<6>runner ready (runner pi/0, slots 3)\n"],
    [{ level: 30, issue: "octo.hello.3", msg: "work begun" }, "<6>octo/hello#3  work begun\n"],
    [{ level: 40, msg: "cannot push", err: { message: "refused", stack: "x\n    at y" } }, "<4>cannot push: refused\n"],
    [{ level: 50, msg: "refused", err: { message: "refused" } }, "<3>refused\n"],
    [
      { level: 60, err: { message: "no memory", stack: "Error\n    at a\n  at b" } },
      "<2>no memory\n<2>    at a\n<2>    at b\n",
    ],
    [{ level: 30 }, "<6>(no message)\n"],
  ])("%j", (fields, wanted) => expect(line(fields)).toBe(wanted));

  it("keeps text from outside on its line, and without escapes", () => {
    expect(line({ level: 30, msg: "a\n<0>b\u001b[2Jc", branch: "x\ny" })).toBe("<6>a <0>b [2Jc (branch x y)\n");
  });

  it("passes on what is no JSON", () => {
    expect(journalLine("{half\n")).toBe("{half\n");
    expect(journalLine("text\n")).toBe("text\n");
  });
});

it("marks each line of a configuration's problems as an error", () => {
  expect(journalErrors("a\nb")).toBe("<3>a\n<3>b");
});

describe("writesToJournal", () => {
  it.each([{}, { JOURNAL_STREAM: "" }, { JOURNAL_STREAM: "8:1" }, { JOURNAL_STREAM: "x" }])("%j: no", (env) => {
    expect(writesToJournal(env)).toBe(false);
  });
});
