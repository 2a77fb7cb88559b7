import { PassThrough, Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { FramedInput, framesTo } from "./framing.ts";

/** Texts that would be the end of a patch and another request if only their content counted. */
const HOSTILE = ["\0\0\0\0", '\0\0\0\0{"known":[]}\n', "\n", "\0\0\0\u0005"];

async function framed(patches: readonly (readonly string[])[]): Promise<Buffer> {
  const to = new PassThrough();
  for (const [index, pieces] of patches.entries()) {
    to.write(`request ${index}\n`);
    const patch = framesTo(to);
    for (const piece of pieces) patch.write(piece);
    await finished(patch.end());
  }
  to.end();
  return Buffer.concat(await to.toArray());
}

async function read(chunks: readonly Buffer[]): Promise<string[][]> {
  const input = new FramedInput(Readable.from(chunks));
  const all: string[][] = [];
  for (let line = await input.line(); line !== null; line = await input.line()) {
    const pieces: Buffer[] = [];
    for await (const piece of input.patch()) pieces.push(piece);
    all.push([line, Buffer.concat(pieces).toString("utf8")]);
  }
  return all;
}

test.each([1, 3, 7, 1000])("patches arrive unchanged in chunks of %i bytes, whatever they contain", async (size) => {
  const bytes = await framed([HOSTILE, [], ["a".repeat(300)]]);
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  expect(await read(chunks)).toEqual([
    ["request 0", HOSTILE.join("")],
    ["request 1", ""],
    ["request 2", "a".repeat(300)],
  ]);
});

test("a patch that is cut off is an error, so that no part of it counts as all of it", async () => {
  const bytes = await framed([["abc", "def"]]);
  for (let size = "request 0\n".length; size < bytes.length; size += 1) {
    await expect(read([bytes.subarray(0, size)])).rejects.toThrow("ended before the patch");
  }
});

test("a patch waits for a scanner that does not read", async () => {
  const to = new Writable({ highWaterMark: 1, write: () => undefined });
  const patch = framesTo(to);
  let written = 0;
  patch.write("abc", () => (written += 1));
  patch.write("def", () => (written += 1));
  await setImmediate();
  expect(written).toBe(0);
  expect(to.writableLength).toBeLessThan(10); // The second part is not passed on.
});
