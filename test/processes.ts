import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Seen {
  readonly pid: number;
  readonly parent: number;
  /** One letter: R, S, D, Z … */
  readonly state: string;
  readonly command: string;
}

/** Return all processes of this machine, read from /proc, without those that exit meanwhile. */
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

/** Command line, as in `ps` and `pkill -f`. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

/** Name, as in `pkill` without -f: 15 characters at most. */
export function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

function statOf(pid: number): Pick<Seen, "parent" | "state"> | null {
  const stat = read(`/proc/${pid}/stat`);
  const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" ? null : { state, parent: Number(parent) };
}

/** Return the processes of agents of this test: they have tac8's marker, and a text that only this test's agents have. */
export function agentProcesses(known: string): Seen[] {
  return processes().filter(({ pid, state }) => {
    if (state === "Z") return false;
    const entries = read(`/proc/${pid}/environ`).split("\0");
    return entries.some((entry) => entry.startsWith("TAC8_RUN=")) && entries.some((entry) => entry.includes(known));
  });
}

/** Return the processes whose working folder is in a folder, or that have a file of it open, also a removed one. */
export function processesUsing(folder: string): Seen[] {
  return processes().filter(({ pid }) => {
    const fds = namesIn(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`);
    return [`/proc/${pid}/cwd`, ...fds].some((path) => targetOf(path).startsWith(`${folder}/`));
  });
}

/** Return the children of these processes, including zombies. */
export function childrenOf(parents: readonly number[]): Seen[] {
  return processes().filter(({ parent }) => parents.includes(parent));
}

/** Return whether a process is alive, and not a zombie. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== "Z";
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // The process has exited, or belongs to another user.
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
