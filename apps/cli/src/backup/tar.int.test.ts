import { execa } from "execa";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTar, writeTar, type TarFile } from "./tar.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-tar-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const LONG = `data/${"long/".repeat(30)}${"n".repeat(120)}.jsonl`;
const FILES = { "manifest.json": "{}", empty: "", [LONG]: "a".repeat(1500), ü: "b".repeat(512) };

async function* filesOf(all: Readonly<Record<string, string>>, size?: number): AsyncGenerator<TarFile> {
  for (const [path, text] of Object.entries(all)) {
    const bytes = Buffer.from(text);
    const body = (async function* () {
      yield bytes.subarray(0, 700);
      yield bytes.subarray(700);
    })();
    yield { path, size: size ?? bytes.length, body };
  }
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { path, body } of readTar(chunks)) found[path] = (await bytesOf(body)).toString();
  return found;
}

async function* oneByOne(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 97) yield bytes.subarray(at, at + 97);
}

test("GNU tar reads what it writes, and it reads that itself, in chunks of any size", async () => {
  const bytes = await bytesOf(writeTar(filesOf(FILES), 1));
  await writeFile(join(dir, "a.tar"), bytes);
  await execa("tar", ["-xf", "a.tar"], { cwd: dir });
  const { stdout } = await execa("tar", ["-tf", "a.tar", "--quoting-style=literal"], { cwd: dir });
  expect(stdout.split("\n")).toEqual(Object.keys(FILES));
  expect(await bytesOf(createReadStream(join(dir, LONG)))).toHaveLength(1500);
  expect(await readAll(oneByOne(bytes))).toEqual(FILES);
});

test("a body that is not read is skipped", async () => {
  const bytes = await bytesOf(writeTar(filesOf(FILES), 1));
  const paths: string[] = [];
  for await (const { path } of readTar(oneByOne(bytes))) paths.push(path);
  expect(paths).toEqual(Object.keys(FILES));
});

test("an incomplete or damaged archive is refused, and so is a file that changed while it was read", async () => {
  const bytes = await bytesOf(writeTar(filesOf(FILES), 1));
  await expect(readAll(oneByOne(bytes.subarray(0, 1200)))).rejects.toThrow("incomplete");
  await expect(readAll(oneByOne(Buffer.from(bytes).fill(1, 10, 20)))).rejects.toThrow("damaged");
  await expect(bytesOf(writeTar(filesOf(FILES, 3), 1))).rejects.toThrow("changed while it was read");
});
