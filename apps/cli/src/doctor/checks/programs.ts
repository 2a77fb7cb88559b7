import { missingPrograms } from "@tac8/core/app/checkPrograms";
import { findProgram } from "@tac8/core/app/findProgram";
import { ask } from "../ask.ts";
import type { Check } from "../check.ts";
import { ok, problem, unknown, type Finding } from "../finding.ts";

/** The first version with `git worktree list --porcelain`, `push --force-with-lease=<ref>:<sha>` and GIT_CONFIG_COUNT. */
const LEAST_GIT = [2, 31] as const;

export const programs: Check = {
  name: "git",
  limitMs: 15_000,
  async inspect({ config, searchPath: path, cwd, redisNamed }, signal) {
    const missing = missingPrograms(config, path).filter((line) => /^(git|flock) /.test(line));
    const embedded = !redisNamed && findProgram("redis-server", { path, cwd: "/" }) === null;
    const git = findProgram("git", { path, cwd: "/" });
    const output = git === null ? null : await ask([git, "--version"], { env: { PATH: path }, cwd, signal });
    return evaluatePrograms({ missing, git: output?.stdout ?? null, redisServerMissing: embedded });
  },
};

/** Evaluate the programs. Pure. `missing`: lines with the advice after a colon; `git`: the output of `git --version`. */
export function evaluatePrograms(given: {
  readonly missing: readonly string[];
  readonly git: string | null;
  readonly redisServerMissing: boolean;
}): Finding[] {
  const lines = [...given.missing];
  if (given.redisServerMissing) {
    lines.push(
      "redis-server was not found: install it (sudo apt-get install redis-server), or set REDIS_URL to a Redis that runs",
    );
  }
  const missing = lines.map((line) => {
    const colon = line.indexOf(": ");
    return problem(line.slice(0, colon), line.slice(colon + 2));
  });
  return given.git === null ? missing : [evaluateGit(given.git), ...missing];
}

function evaluateGit(output: string): Finding {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(output) ?? [];
  if (major === undefined) return unknown(`git does not report its version (${output.slice(0, 80)})`);
  const [least, leastMinor] = LEAST_GIT;
  const old = Number(major) < least || (Number(major) === least && Number(minor) < leastMinor);
  const version = output.trim().replace(/^git version /, "");
  return old ? problem(`${version} is too old`, `install git ${LEAST_GIT.join(".")} or later`) : ok(version);
}
