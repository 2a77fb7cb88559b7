import { expect, test } from "vitest";
import { isQuestion } from "./privateFiles.ts";

test.each([
  { text: null, base: null, asks: false },
  { text: null, base: "a file of the project", asks: false },
  { text: "Which one?", base: null, asks: true },
  // The agent said that it cannot continue, if not why.
  { text: "", base: null, asks: true },
  { text: "a file of the project", base: "a file of the project\n", asks: false },
  { text: "Which one?", base: "a file of the project", asks: true },
  { text: "", base: "a file of the project", asks: true },
])("$text, where the base has $base: $asks", ({ text, base, asks }) => {
  expect(isQuestion(text, base)).toBe(asks);
});
