import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Seen {
  readonly pid: number;
  readonly parent: number;
  /** One letter: R, S, D, Z … */
  readonly state: string;
  readonly command: string;
}

/** All processes of this machine, read from /proc; those that end meanwhile are left out. */
export function processes(): Seen[] {
  return pids().flatMap((pid) => {
    const stat = statOf(pid);
    if (stat === null) return [];
    return [{ pid, ...stat, command: commandOf(pid) }];
  });
}

export function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** What `ps` and `pkill -f` see. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

/** What `pkill` without -f sees: 15 characters at most. */
export function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

function statOf(pid: number): Pick<Seen, "parent" | "state"> | null {
  const stat = read(`/proc/${pid}/stat`);
  const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" ? null : { state, parent: Number(parent) };
}

/** Processes that belong to an agent's run: by tac8's own marker, beside a text that only this test's agents know. */
export function agentProcesses(known: string): Seen[] {
  return processes().filter(({ pid, state }) => {
    if (state === "Z") return false;
    const entries = read(`/proc/${pid}/environ`).split("\0");
    return entries.some((entry) => entry.startsWith("TAC8_RUN=")) && entries.some((entry) => entry.includes(known));
  });
}

/** Processes that work in a folder, or have a file of it open, also one that was removed. */
export function usersOf(folder: string): Seen[] {
  return processes().filter(({ pid }) => {
    const fds = namesIn(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`);
    return [`/proc/${pid}/cwd`, ...fds].some((path) => targetOf(path).startsWith(`${folder}/`));
  });
}

/** Children of these processes, zombies included. */
export function childrenOf(parents: readonly number[]): Seen[] {
  return processes().filter(({ parent }) => parents.includes(parent));
}

/** Is there such a process, and not only its remains? */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== "Z";
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // It ended, or it is another user's.
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // It ended.
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}
