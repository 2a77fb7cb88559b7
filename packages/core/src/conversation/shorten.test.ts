import { expect, test } from "vitest";
import { shortenEvent } from "./shorten.ts";

test.each(["a", "\n", '"', "😀", "ع", "\u001b[1mx"])("whatever it is made of (%j), an event fits into 2 kB", (unit) => {
  const event = shortenEvent({ at: 1, kind: "tool", tool: unit.repeat(5000), text: `head ${unit.repeat(500_000)}` });
  expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(2048);
  expect(event.text.startsWith("head")).toBe(true);
});

test("a short event stays as it is", () => {
  const event = { at: 1, kind: "text", text: "hello", isError: true } as const;
  expect(shortenEvent(event)).toEqual(event);
});
