import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "../packages/build/ensure.mjs";
import { ROOT } from "./programs.ts";

/**
 * Build `dist/` from the current sources, because end-to-end tests run what users run. V8's compiled code is cached for one
 * test run, in a folder that workers and programs get through their environment.
 */
export async function setup(): Promise<() => Promise<void>> {
  await ensureBuilt({ root: ROOT, say: (line) => process.stdout.write(`${line}\n`) });
  const cache = await mkdtemp(join(tmpdir(), "tac8-compiled-"));
  process.env["NODE_COMPILE_CACHE"] = cache;
  return () => rm(cache, { recursive: true, force: true, maxRetries: 3 });
}
