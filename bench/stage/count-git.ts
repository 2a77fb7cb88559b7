import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface GitCounter {
  /** `PATH` with the counting git. */
  readonly path: string;
  /** Path of the real git, which does not count. */
  readonly git: string;
  /** Folder of the counts. A program in a sandbox counts only if it can write to this folder. */
  readonly folder: string;
  /** Arguments of each git so far, in the order of their start. */
  calls(): Promise<string[]>;
  /** Executions of git so far, including those that git itself has started. */
  executions(): Promise<number>;
}

/**
 * Count the git processes that a program starts by its `PATH`, and those that git itself starts, by git's own trace. The trace
 * does not contain other programs, such as a shell for a credential helper.
 */
export async function countGit(dir: string, path: string): Promise<GitCounter> {
  const folder = join(dir, "counted");
  // A separate folder: the folders of PATH are read-only in a sandbox.
  const programs = join(dir, "programs");
  const log = join(folder, "calls");
  const trace = join(folder, "trace");
  for (const each of [folder, programs]) await mkdir(each);
  for (const file of [log, trace]) await writeFile(file, "");
  const found = await promisify(execFile)("sh", ["-c", "command -v git"], { env: { PATH: path } });
  const git = found.stdout.trim();
  // One short write for each line, so that lines of parallel processes do not mix.
  const script = `#!/bin/sh\nprintf '%.200s\\n' "$*" >>'${log}'\nexport GIT_TRACE2_EVENT='${trace}'\nexec '${git}' "$@"\n`;
  await writeFile(join(programs, "git"), script, { mode: 0o755 });
  return {
    path: `${programs}${delimiter}${path}`,
    git,
    folder,
    async executions() {
      return (await readFile(trace, "utf8")).split('{"event":"start",').length - 1;
    },
    async calls() {
      return (await readFile(log, "utf8")).split("\n").filter((line) => line !== "");
    },
  };
}

export interface GitCounts {
  readonly git: number;
  readonly gitAll: number;
}

export async function countsOf(counter: GitCounter): Promise<GitCounts> {
  return { git: (await counter.calls()).length, gitAll: await counter.executions() };
}
