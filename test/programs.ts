import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

export type ProgramName = "scheduler" | "runner" | "launcher" | "board" | "exit" | "cli" | "github" | "scripted-claude";

/** Return the built file of a program, as users run it: see `build.setup.ts`. */
export function programOf(name: ProgramName): string {
  return join(ROOT, "dist", `${name}.js`);
}

/** Environment with V8's code cache, with which a program of `dist/` starts faster: see `build.setup.ts`. Empty outside of Vitest. */
export function compileCache(): Record<string, string> {
  const folder = process.env["NODE_COMPILE_CACHE"];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}

/** Return whether another user can run the programs of this checkout. Needs root. */
export function isReadableBy(uid: number): boolean {
  const args = ["--check", programOf("runner")];
  return spawnSync(process.execPath, args, { uid, gid: uid, cwd: "/" }).status === 0;
}
