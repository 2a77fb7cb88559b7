import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface GitCounter {
  /** `PATH` whose git is counted. */
  readonly path: string;
  /** The real one, which is not. */
  readonly git: string;
  /** Arguments of each git so far, in the order of their start. */
  calls(): Promise<string[]>;
}

/** Count the git processes that a program starts by its `PATH`. Those that git itself starts are not among them. */
export async function countGit(dir: string, path: string): Promise<GitCounter> {
  const folder = join(dir, "counted");
  const log = join(folder, "calls");
  await mkdir(folder);
  await writeFile(log, "");
  const found = await promisify(execFile)("sh", ["-c", "command -v git"], { env: { PATH: path } });
  const git = found.stdout.trim();
  // One short write each, so that lines of processes at the same time do not mix.
  const script = `#!/bin/sh\nprintf '%.200s\\n' "$*" >>'${log}'\nexec '${git}' "$@"\n`;
  await writeFile(join(folder, "git"), script, { mode: 0o755 });
  return {
    path: `${folder}${delimiter}${path}`,
    git,
    async calls() {
      return (await readFile(log, "utf8")).split("\n").filter((line) => line !== "");
    },
  };
}
