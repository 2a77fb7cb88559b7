import { expect, test } from "vitest";
import { isAnswerTo } from "./allowance.ts";

const at = (minute: number) => `2026-01-01T00:0${minute}:00Z`;
const questions = [
  { allows: "first", at: at(1) },
  { allows: undefined, at: at(2) },
  { allows: "second", at: at(3) },
];

test.each<[string, number, boolean]>([
  ["first", 0, false],
  ["first", 1, true],
  ["first", 4, true],
  ["second", 2, false],
  ["second", 4, true],
  ["third", 4, false],
])("a label answers every older question about the same reason: %s, added at %i: %s", (allows, minute, expected) => {
  expect(isAnswerTo(questions, { allows, at: at(minute) })).toBe(expected);
});
