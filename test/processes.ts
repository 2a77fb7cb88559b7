import { readdirSync, readFileSync } from "node:fs";

export interface Seen {
  readonly pid: number;
  readonly parent: number;
  /** One letter: R, S, D, Z … */
  readonly state: string;
  readonly command: string;
}

/** All processes of this machine, read from /proc; those that end meanwhile are left out. */
export function processes(): Seen[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = read(`/proc/${name}/stat`);
      const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = read(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim();
      return stat === "" ? [] : [{ pid: Number(name), parent: Number(parent), state, command }];
    });
}

/** Processes that belong to an agent's run: by tac8's own marker, beside a text that only this test's agents know. */
export function agentProcesses(known: string): Seen[] {
  return processes().filter(({ pid, state }) => {
    if (state === "Z") return false;
    const entries = read(`/proc/${pid}/environ`).split("\0");
    return entries.some((entry) => entry.startsWith("TAC8_RUN=")) && entries.some((entry) => entry.includes(known));
  });
}

/** Children of these processes, zombies included. */
export function childrenOf(parents: readonly number[]): Seen[] {
  return processes().filter(({ parent }) => parents.includes(parent));
}

/** Is there such a process, and not only its remains? */
export function isAlive(pid: number): boolean {
  return processes().some((seen) => seen.pid === pid && seen.state !== "Z");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // It has ended, or it is another user's.
  }
}
