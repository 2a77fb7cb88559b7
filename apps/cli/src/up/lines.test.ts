import { once } from "node:events";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { onLines } from "./lines.ts";

async function linesOf(chunks: readonly Buffer[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  onLines(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await once(stream, "end");
  return lines;
}

it("assembles lines from any chunks", async () => {
  const bytes = Buffer.from("één\ntwo\n\nlast");
  expect(await linesOf([...bytes].map((byte) => Buffer.from([byte])))).toEqual(["één", "two", "", "last"]);
  expect(await linesOf([bytes])).toEqual(["één", "two", "", "last"]);
});

it("does not grow with a line that never ends", async () => {
  const [line] = await linesOf(Array.from({ length: 40 }, () => Buffer.alloc(65_536, "x")));
  expect(line).toHaveLength(256 * 1024);
});
