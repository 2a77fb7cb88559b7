import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";

/** Its one thread for what takes time waits for a process to open the pipe, until it has said all. */
const PROGRAM = `
import { open, writeSync } from "node:fs";
import { createLogger } from ${JSON.stringify(join(import.meta.dirname, "logger.ts"))};
const log = createLogger({ name: "test", secrets: [] });
open(process.argv[1], "r", () => undefined);
for (const word of ["first", "second", "third"]) log.fatal(word);
writeSync(3, "said");
`;

test("fatal lines come in their order, also from a busy process", async () => {
  const dir = await mkdtemp(join(tmpdir(), "tac8-order-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const pipe = join(dir, "pipe");
  execFileSync("mkfifo", [pipe]);
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, pipe], {
    env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const all = text(child.stdio[1] as Readable);
  await once(child.stdio[3] as Readable, "data");
  await writeFile(pipe, "");
  const lines = (await all).trimEnd().split("\n");
  await ended;
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["first", "second", "third"]);
});
