import { expect, it } from "vitest";
import { cut, fold, pad, plain, plainLines, widthOf, wrap } from "./text.ts";

it("counts columns, not characters", () => {
  expect(["abc", "é", "日本", "😀", "e\u0301"].map(widthOf)).toEqual([3, 1, 4, 2, 1]);
});

it.each([
  ["ＡＢ", 4],
  ["！", 2],
  ["ｱ", 1],
  ["👩‍👩‍👧‍👦", 2],
  ["🏳️‍🌈", 2],
  ["👍🏽", 2],
  ["🇩🇪", 2],
  ["☎️", 2],
  ["✓", 1],
  ["한글", 4],
])("a terminal shows %s in %i columns", (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});

it("cuts and folds between graphemes", () => {
  expect(cut("a👩‍👩‍👧‍👦bcd", 4)).toBe("a👩‍👩‍👧‍👦…");
  expect(cut("ab👩‍👩‍👧‍👦cd", 4)).toBe("ab…");
  expect(cut("ＡＢＣ", 5)).toBe("ＡＢ…");
  expect(fold("🇩🇪🇫🇷🇮🇹", 4)).toEqual(["🇩🇪🇫🇷", "🇮🇹"]);
  expect(fold("cafe\u0301s", 4)).toEqual(["cafe\u0301", "s"]);
  expect(fold("👩‍👩‍👧‍👦", 1)).toEqual(["👩‍👩‍👧‍👦"]);
});

it("shortens to columns", () => {
  expect(cut("abcdef", 6)).toBe("abcdef");
  expect(cut("abcdefg", 6)).toBe("abcde…");
  expect(cut("日本語", 4)).toBe("日…");
  expect(cut("abc", 0)).toBe("");
});

it("pads to columns", () => {
  expect(pad("日", 4)).toBe("日  ");
  expect(pad("abcde", 4)).toBe("abcde");
});

it("wraps between words and does not break a long word", () => {
  expect(wrap("a bb http://a.very/long/address c", 8)).toEqual(["a bb", "http://a.very/long/address", "c"]);
});

it("makes text of strangers harmless", () => {
  expect(plain("  \u001b[31mred\u001b[0m\r\n\u0000two\u202e ")).toBe("red two");
});

it("folds a line at its spaces, inside a long word, and never in the middle of a wide character", () => {
  expect(fold("one two three", 8)).toEqual(["one two", "three"]);
  expect(fold("    indented and long", 12)).toEqual(["    indented", "and long"]);
  expect(fold("a".repeat(7), 3)).toEqual(["aaa", "aaa", "a"]);
  expect(fold("日本語です", 5)).toEqual(["日本", "語で", "す"]);
  expect(fold("日本", 1)).toEqual(["日", "本"]);
  expect(fold("", 5)).toEqual([""]);
});

it("folds a line of a megabyte in one go", () => {
  expect(fold("x".repeat(1_000_000), 100)).toHaveLength(10_000);
});

it("keeps the lines and indentation of a text from strangers, without terminal control codes", () => {
  expect(plainLines("\n\n  a\tb \u001b[2J\r\n\u0007\rc\u202e\u009b31m\n\n")).toEqual(["  a    b", "", "c"]);
  expect(plainLines(" \n")).toEqual([]);
});
