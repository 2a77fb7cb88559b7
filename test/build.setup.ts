import { ensureBuilt } from "../packages/build/ensure.mjs";
import { ROOT } from "./programs.ts";

/** End-to-end tests run what users run: `dist/`, built from the sources as they are now. */
export async function setup(): Promise<void> {
  await ensureBuilt({ root: ROOT, say: (line) => process.stdout.write(`${line}\n`) });
}
