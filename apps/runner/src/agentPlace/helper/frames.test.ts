import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { encodeHeader, FrameReader, writeFrame, type FrameLimits } from "./frames.ts";

const MB = 1024 * 1024;
const LIMITS: FrameLimits = { header: 100, payload: () => 300 * MB };

function bytesOf(...frames: readonly (readonly [object, Buffer?])[]): Buffer {
  const chunks: Buffer[] = [];
  const stream = new Writable({ write: (chunk: Buffer, _, done) => (chunks.push(chunk), done()) });
  for (const [header, payload] of frames) writeFrame(stream, encodeHeader(header), payload);
  return Buffer.concat(chunks);
}

test.each([1, 3, 8, 1000])("frames that arrive in pieces of %i bytes are read correctly", (size) => {
  const payload = Buffer.from("\0\u00ffx".repeat(50));
  const bytes = bytesOf([{ a: 1 }], [{ b: "é" }, payload], [{}]);
  const reader = new FrameReader(LIMITS);
  const frames = [];
  for (let at = 0; at < bytes.length; at += size) frames.push(...reader.push(bytes.subarray(at, at + size)));
  expect(frames).toEqual([
    { header: { a: 1 }, payload: Buffer.alloc(0) },
    { header: { b: "é" }, payload },
    { header: {}, payload: Buffer.alloc(0) },
  ]);
});

test("the limit of a payload depends on its header", () => {
  const asked: unknown[] = [];
  const payload = (header: unknown): number => asked.push(header);
  const reader = new FrameReader({ header: 100, payload });
  expect([...reader.push(bytesOf([{ n: 1 }, Buffer.from("1")]))]).toHaveLength(1);
  const tooLong = bytesOf([{ n: 2 }, Buffer.from("123")]);
  expect(() => [...reader.push(tooLong.subarray(0, -3))]).toThrow("3 bytes exceed the limit of 2 bytes");
  expect(asked).toEqual([{ n: 1 }, { n: 2 }]);
});

test("an announced length uses no memory before its bytes arrive", () => {
  const announced = bytesOf([{}]);
  announced.writeUInt32BE(250 * MB, 4);
  const before = process.memoryUsage().arrayBuffers;
  const reader = new FrameReader(LIMITS);
  for (const byte of [...announced, ...Buffer.alloc(1000)]) expect([...reader.push(Buffer.of(byte))]).toEqual([]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * MB);
});
