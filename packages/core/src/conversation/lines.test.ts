import { expect, test } from "vitest";
import { createLineSplitter } from "./lines.ts";

const texts = (splitter: ReturnType<typeof createLineSplitter>, chunks: Iterable<Uint8Array>): string[] => {
  const lines = [...chunks].flatMap((chunk) => splitter.push(chunk));
  return [...lines, ...splitter.end()].map(({ text, cut }) => (cut ? `${text}|cut` : text));
};

test("splits at every possible chunk border, without breaking characters", () => {
  const bytes = Buffer.from("aé\n\n😀 ع\nrest");
  for (let border = 0; border <= bytes.length; border += 1) {
    const chunks = [bytes.subarray(0, border), bytes.subarray(border)];
    expect(texts(createLineSplitter(), chunks)).toEqual(["aé", "", "😀 ع", "rest"]);
  }
  expect(
    texts(
      createLineSplitter(),
      [...bytes].map((byte) => Uint8Array.of(byte)),
    ),
  ).toHaveLength(4);
});

test("a line of 12 MB comes whole", () => {
  const long = Buffer.alloc(12_000_000, "x");
  const [line] = texts(createLineSplitter(), [
    long.subarray(0, 5_000_000),
    long.subarray(5_000_000),
    Buffer.from("\n"),
  ]);
  expect(line?.length).toBe(12_000_000);
});

test("a longer line is cut, marked, and ends at its own line break", () => {
  expect(texts(createLineSplitter(5), [Buffer.from("12345"), Buffer.from("67\nab\n")])).toEqual(["12345|cut", "ab"]);
  expect(texts(createLineSplitter(5), [Buffer.from("12345\n")])).toEqual(["12345"]);
  expect(texts(createLineSplitter(5), [Buffer.from("123😀\n")])).toEqual(["123|cut"]);
  expect(texts(createLineSplitter(5), [Buffer.from("1234567")])).toEqual(["12345|cut"]);
});
