import { describe, expect, it } from "vitest";
import { painter } from "../terminal/text.ts";
import { boardAddress, parseLogLine, renderLogLine } from "./logLine.ts";

const at = new Date(2026, 10, 22, 13, 5, 22).getTime();
const parse = (text: string, stream: "stdout" | "stderr" = "stdout") => parseLogLine(text, { now: at, stream });

describe("parseLogLine", () => {
  it("parses a line of pino", () => {
    const text = JSON.stringify({ level: 30, time: at, msg: "work begun", issue: "octo.hello.3" });
    expect(parse(text)).toEqual({ at, level: "info", message: "work begun", issue: "octo/hello#3", url: null });
  });

  it("shows the cause of a warning or an error", () => {
    const text = JSON.stringify({
      level: 50,
      time: at,
      msg: "push failed",
      err: { message: "declined", stack: "at x" },
    });
    expect(parse(text)).toMatchObject({ level: "error", message: "push failed: declined" });
    expect(parse(JSON.stringify({ level: 40, err: { message: "lost" } }))).toMatchObject({
      level: "warn",
      message: "lost",
    });
  });

  it("removes terminal control codes", () => {
    const text = JSON.stringify({ level: 30, msg: "a\u001b[2Jb\u0007\nc\u202ed", issue: "\u001b]0;x\u0007" });
    expect(parse(text)).toMatchObject({ message: "ab cd", issue: "" });
  });

  it.each([
    ['{"level":20,"msg":"small"}', "stdout"],
    ["", "stdout"],
    ["    at run (file:///x.ts:3:1)", "stderr"],
    ["node:internal/modules:12", "stderr"],
    ["Node.js v26.10.0", "stderr"],
    ["}", "stderr"],
  ] as const)("leaves %j to the log file", (text, stream) => {
    expect(parse(text, stream)).toBeNull();
  });

  it("shows text that is not JSON, as a warning if it is from standard error", () => {
    expect(parse("ready")).toMatchObject({ level: "info", message: "ready" });
    expect(parse("TypeError: no", "stderr")).toMatchObject({ level: "warn", message: "TypeError: no" });
    expect(parse('{"level":30,"ms')).toMatchObject({ message: '{"level":30,"ms' });
    expect(parse("[1]")).toMatchObject({ message: "[1]" });
  });
});

it("boardAddress finds the board's address", () => {
  const line = { at, level: "info" as const, issue: null, url: "http://127.0.0.1:1" };
  expect(boardAddress({ ...line, message: "board listening" })).toBe("http://127.0.0.1:1");
  expect(boardAddress({ ...line, url: null, message: "board at http://[::1]:3000" })).toBe("http://[::1]:3000");
  expect(boardAddress({ ...line, message: "closing" })).toBeNull();
});

describe("renderLogLine", () => {
  const line = { at, level: "info" as const, message: "one two three four five six seven", issue: "o/r#3", url: null };

  it("has time, app, issue and message", () => {
    expect(renderLogLine("runner", line, { paint: painter(false), columns: null })).toBe(
      "13:05:22  runner     o/r#3  one two three four five six seven",
    );
  });

  it("wraps with indentation on a narrow terminal", () => {
    expect(
      renderLogLine("runner", { ...line, level: "warn" }, { paint: painter(false), columns: 45 }).split("\n"),
    ).toEqual(["13:05:22  runner     ! o/r#3  one two three", "                     four five six seven"]);
  });

  it("is coloured if colours are enabled", () => {
    expect(renderLogLine("runner", line, { paint: painter(true), columns: null })).toContain("\u001b[36m");
  });
});
