import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Config } from "@tac8/core/config/resolve";
import { createLogger } from "@tac8/core/log/logger";
import { startProxy } from "../../egress/process.ts";
import { ProcessPool } from "../../process/pool.ts";
import { sandboxOpener } from "./opener.ts";

let home = "";
beforeEach(() => (home = mkdtempSync(join(tmpdir(), "tac8-opener-"))));
afterEach(() => rmSync(home, { recursive: true }));

const start = () => {
  const agentEnv = { PATH: process.env["PATH"] ?? "" };
  const config = { dataFolder: home, agentEnv, coordinator: { max_concurrent_workers: 1 } } as unknown as Config;
  const log = createLogger({ name: "test", secrets: [], destination: { write: () => undefined } });
  const proxies = new ProcessPool({ start: () => startProxy({}), maxIdle: 1 });
  return sandboxOpener({ config, log, proxies, program: "bwrap" });
};
const files = () => readdirSync(join(home, "sandbox/etc")).map((name) => join(home, "sandbox/etc", name));

test("runners that start at the same moment on a new data folder all find its sandbox files", async () => {
  await Promise.all(Array.from({ length: 20 }, start));
  expect(readdirSync(join(home, "sandbox/etc")).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "group",
    "hosts",
    "passwd",
  ]);
  for (const file of files()) expect(readFileSync(file, "utf8")).toMatch(/\n$/);
  expect(readdirSync(join(home, "sandbox")).filter((name) => !["etc", "dev", "seccomp"].includes(name))).toEqual([]);
  // A runner that starts later does not change the files, because other runners start sandboxes with them.
  const before = files().map((file) => statSync(file).ino);
  await start();
  expect(files().map((file) => statSync(file).ino)).toEqual(before);
});
