import { describe, expect, it, test } from "vitest";
import { clean, clip, cut } from "./plainText.ts";

test("clean takes out terminal codes and control characters, and keeps lines", () => {
  expect(clean("\u001b[31mred\u001b[0m\u0007\r\nnext\tcell")).toBe("red\nnext\tcell");
});

test("clean takes out what turns a text around, and keeps letters that are read from the right", () => {
  expect(clean("\u202Eabc\u202C \u2066d\u2069\u200E\u200F שלום")).toBe("abc d שלום");
});

test("clip leaves no half character", () => {
  expect(clip("ab😀", 3)).toBe("ab…");
  expect(clip("ab😀", 4)).toBe("ab😀");
  expect(clip("aaaa😀bbb", 6)).toBe("aaaa…");
});

describe("cut", () => {
  it("leaves what fits, and says where it cut", () => {
    expect(cut("x".repeat(100), 100)).toBe("x".repeat(100));
    expect(cut("x".repeat(101), 100)).toBe(`${"x".repeat(93)} […cut]`);
  });

  it("never leaves half a character, wherever the cut falls", () => {
    for (const shift of [0, 1, 2, 3]) {
      const text = cut("a".repeat(shift) + "😀".repeat(100), 101);
      expect(text.isWellFormed()).toBe(true);
      expect(text.length).toBeLessThanOrEqual(101);
      expect(text.length).toBeGreaterThanOrEqual(100);
    }
  });
});
