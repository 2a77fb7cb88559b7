import { expect, test } from "vitest";
import { expectHarmless, HOSTILE_TEXT } from "@tac8/core/testing/hostileText.fixture";
import { parseLogLine, renderLogLine } from "../up/logLine.ts";
import { jsonText } from "./json.ts";
import { plain, plainLines } from "./text.ts";

const record = JSON.stringify({ level: 40, msg: HOSTILE_TEXT, err: { message: HOSTILE_TEXT }, issue: HOSTILE_TEXT });
const logLine = (text: string) => {
  const line = parseLogLine(text, { now: 0, stream: "stderr" });
  return line === null ? "" : renderLogLine("runner", line, { paint: (_format, words) => words, columns: 80 });
};

/** Every function through which text of agents and strangers reaches a terminal. */
test.each([
  ["a line", plain(HOSTILE_TEXT)],
  ["lines", plainLines(HOSTILE_TEXT).join("\n")],
  ["an app's log", logLine(record)],
  ["an app's words that are no log", logLine(HOSTILE_TEXT)],
])("%s has nothing that a terminal obeys", (_name, text) => {
  expect(text).not.toBe("");
  expectHarmless(text);
});

test("JSON has the unchanged text, and no terminal control codes", () => {
  const printed = jsonText({ title: HOSTILE_TEXT });
  expectHarmless(printed);
  expect(JSON.parse(printed)).toEqual({ title: HOSTILE_TEXT });
});
