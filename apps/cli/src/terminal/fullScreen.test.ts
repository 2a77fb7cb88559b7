import { expect, it } from "vitest";
import { frame } from "./fullScreen.ts";

const at = (row: number, text: string) => `\u001b[${row};1H${text}\u001b[0m\u001b[K`;
const whole = (text: string) => `\u001b[?2026h${text}\u001b[?2026l`;

it("writes only changed lines, in one write", () => {
  expect(frame(["a", "b", "c"], ["a", "x", "c"])).toBe(whole(at(2, "x")));
  expect(frame(["a"], ["a", "b"])).toBe(whole(at(2, "b")));
});

it("writes nothing when nothing has changed", () => {
  expect(frame(["a", "b"], ["a", "b"])).toBe("");
});

it("clears the lines below, and everything if the content of the screen is unknown", () => {
  expect(frame(["a", "b", "c"], ["a"])).toBe(whole("\u001b[2;1H\u001b[J"));
  expect(frame(null, ["a"])).toBe(whole(`\u001b[2J${at(1, "a")}`));
});
