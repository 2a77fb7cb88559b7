import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A fork bomb that cannot take the machine down, even if the tested code is broken. */
export interface Bomb {
  readonly program: readonly string[];
  /** Remove the bomb after its processes have died. Waits until no zombie is left. */
  remove(): Promise<void>;
}

const V1 = "/sys/fs/cgroup/pids";

const BOMBS = {
  /** Each shell starts two others, and waits a second when the kernel refuses one. */
  shell: ["bash", "-c", ":(){ :|:& };:; sleep 600"],
  /** Each process only forks, so the kernel always locks its memory. */
  spinning: ["perl", "-e", "while (1) { fork }", "--"],
};

/**
 * Prepare a fork bomb that the kernel limits to this many processes: for root by a control group that the run does not know, for
 * another user by the limit of processes. @returns null if neither is possible; then nothing is started
 */
export function makeBomb(most: number, kind: keyof typeof BOMBS = "shell"): Bomb | null {
  const bomb = BOMBS[kind];
  if (process.getuid?.() !== 0) {
    const now = Number(execFileSync("sh", ["-c", "cut -d/ -f2 /proc/loadavg | cut -d' ' -f1"], { encoding: "utf8" }));
    return { program: ["prlimit", `--nproc=${now + most}`, "--", ...bomb], remove: () => Promise.resolve() };
  }
  if (!existsSync(join(V1, "cgroup.procs"))) return null;
  const group = join(V1, `test-bomb-${randomUUID()}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, "pids.max"), String(most), { flag: "r+" });
  } catch {
    return null; // In a container the tree is read-only.
  }
  const enter = `echo $$ > ${group}/cgroup.procs && exec "$@"`;
  return { program: ["sh", "-ec", enter, "bomb", ...bomb], remove: () => removeGroup(group) };
}

async function removeGroup(group: string): Promise<void> {
  for (let tries = 600; ; tries -= 1) {
    try {
      return rmdirSync(group);
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(50);
    }
  }
}
