import { expect, it } from "vitest";
import { cut, pad, plain, widthOf, wrap } from "./text.ts";

it("counts columns, not characters", () => {
  expect(["abc", "é", "日本", "😀", "e\u0301"].map(widthOf)).toEqual([3, 1, 4, 2, 1]);
});

it("cuts to columns", () => {
  expect(cut("abcdef", 6)).toBe("abcdef");
  expect(cut("abcdefg", 6)).toBe("abcde…");
  expect(cut("日本語", 4)).toBe("日…");
  expect(cut("abc", 0)).toBe("");
});

it("pads to columns", () => {
  expect(pad("日", 4)).toBe("日  ");
  expect(pad("abcde", 4)).toBe("abcde");
});

it("wraps words and keeps a long one whole", () => {
  expect(wrap("a bb http://a.very/long/address c", 8)).toEqual(["a bb", "http://a.very/long/address", "c"]);
});

it("makes text of strangers harmless", () => {
  expect(plain("  \u001b[31mred\u001b[0m\r\n\u0000two\u202e ")).toBe("red two");
});
