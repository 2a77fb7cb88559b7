import { expect, test } from "vitest";
import { isAnswerTo } from "./allowance.ts";

const at = (minute: number) => `2026-01-01T00:0${minute}:00Z`;
const questions = [
  { key: "first", at: at(1) },
  { key: undefined, at: at(2) },
  { key: "second", at: at(3) },
];

test.each<[string, number, boolean]>([
  ["first", 0, false],
  ["first", 1, true],
  ["first", 4, true],
  ["second", 2, false],
  ["second", 4, true],
  ["third", 4, false],
])("a label answers every older question about the same reason: %s, added at %i: %s", (key, minute, expected) => {
  expect(isAnswerTo(questions, { key, at: at(minute) })).toBe(expected);
});
