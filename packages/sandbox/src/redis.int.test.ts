import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startRedisServer } from "./redis.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-redis-env-"));
});
afterEach(() => rm(dir, { recursive: true }));

test("redis-server gets what a program needs of the environment, and what is given, so no secret", async () => {
  // Redis itself overwrites its environment, so it cannot be read there.
  const program = join(dir, "redis-server");
  const lines = ["#!/bin/sh", 'env >"$0.env"', 'echo "Ready to accept connections"', "exec sleep 3600"];
  await writeFile(program, lines.join("\n"), { mode: 0o700 });
  const server = await startRedisServer({ dir, program, env: { GIVEN: "1" } });
  await server.stop();
  const names = (await readFile(`${program}.env`, "utf8")).split("\n").map((line) => line.split("=", 1)[0] ?? "");
  expect(Object.keys(process.env)).toContain("NODE_ENV");
  expect(names).toEqual(expect.arrayContaining(["PATH", "GIVEN"]));
  const others = names.filter((name) => !/^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|LD_LIBRARY_PATH|GIVEN|)$/.test(name));
  // A shell's own.
  expect(others.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual([]);
});
