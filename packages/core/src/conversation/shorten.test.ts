import { expect, test } from "vitest";
import { clean, clip, shortenEvent } from "./shorten.ts";

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

test.each(["a", "\n", '"', "😀", "ع", "\u001b[1mx"])("whatever it is made of (%j), an event fits into 2 kB", (unit) => {
  const event = shortenEvent({ at: 1, kind: "tool", tool: unit.repeat(5000), text: `head ${unit.repeat(500_000)}` });
  expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(2048);
  expect(event.text.startsWith("head")).toBe(true);
});

test("a short event stays as it is", () => {
  const event = { at: 1, kind: "text", text: "hello", isError: true } as const;
  expect(shortenEvent(event)).toEqual(event);
});
