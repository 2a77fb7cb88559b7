import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CleanSide } from "../../git/cleanSide.ts";

export interface RecordedGit {
  readonly clean: CleanSide;
  /** Return the standard error of git so far. */
  readonly recorded: () => Promise<string>;
}

/** Create a git whose standard error in one of its commands is recorded instead of shown. */
export async function recordGit(clean: CleanSide, dir: string, command: string): Promise<RecordedGit> {
  const bin = join(dir, `record-${command}`);
  const file = join(bin, "output.txt");
  const path = clean.env["PATH"] ?? "";
  await mkdir(bin);
  await writeFile(file, "");
  const script = `#!/bin/sh\nPATH='${path}'\n[ "$1" = ${command} ] && exec 2>>'${file}'\nexec git "$@"\n`;
  await writeFile(join(bin, "git"), script, { mode: 0o755 });
  return {
    clean: { ...clean, env: { ...clean.env, PATH: `${bin}:${path}` } },
    recorded: () => readFile(file, "utf8"),
  };
}
