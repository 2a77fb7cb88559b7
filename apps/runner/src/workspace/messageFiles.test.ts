import { expect, test } from "vitest";
import { isQuestion } from "./messageFiles.ts";

test.each([
  { text: null, base: null, asks: false },
  { text: null, base: "a file of the project", asks: false },
  { text: "Which one?", base: null, asks: true },
  // The agent cannot continue, but gave no reason.
  { text: "", base: null, asks: true },
  { text: "a file of the project", base: "a file of the project\n", asks: false },
  { text: "Which one?", base: "a file of the project", asks: true },
  { text: "", base: "a file of the project", asks: true },
])("the text $text, with $base in the base, is a question: $asks", ({ text, base, asks }) => {
  expect(isQuestion(text, base)).toBe(asks);
});
