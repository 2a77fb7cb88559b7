import { describe, expect, it } from "vitest";
import { journalErrors, journalLine, lineFormat, textLine, writesToJournal } from "./journal.ts";

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

describe("textLine", () => {
  const at = new Date(2026, 10, 28, 23, 4, 5).getTime();
  it.each([
    [{ level: 30, issue: "octo.hello.3", msg: "work begun" }, "2026-11-28 23:04:05 info  octo/hello#3  work begun\n"],
    [{ level: 40, msg: "a\nb\u001b[2J" }, "2026-11-28 23:04:05 warn  a b [2J\n"],
    [
      { level: 50, err: { message: "no disk", stack: "Error\n    at a" } },
      "2026-11-28 23:04:05 error no disk\n2026-11-28 23:04:05 error     at a\n",
    ],
  ])("%j", (fields, wanted) => {
    expect(textLine(`${JSON.stringify({ time: at, pid: 2, hostname: "pi", ...fields })}\n`)).toBe(wanted);
  });
});

describe("lineFormat", () => {
  const line = '{"level":30,"time":0,"msg":"ready"}\n';
  it.each([
    [{}, line],
    [{ LOG_FORMAT: "json" }, line],
    [{ LOG_FORMAT: " text " }, textLine(line)],
  ])("%j", (env, wanted) => expect(lineFormat(env)(line)).toBe(wanted));
});

it("marks each line of a configuration's problems as an error", () => {
  expect(journalErrors("a\nb")).toBe("<3>a\n<3>b");
});

describe("writesToJournal", () => {
  it.each([{}, { JOURNAL_STREAM: "" }, { JOURNAL_STREAM: "8:1" }, { JOURNAL_STREAM: "x" }])("%j: no", (env) => {
    expect(writesToJournal(env)).toBe(false);
  });
});
