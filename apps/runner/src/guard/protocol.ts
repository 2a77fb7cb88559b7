import type { GroupLimits } from "../process/cgroup.ts";

/**
 * What runner and guard say to each other on the guard's descriptor 4, one JSON text or word a line.
 * Runner → guard: first a GuardStart, then `beat <ms>`, `term`, `kill`. Guard → runner: GuardMessage.
 */
export interface GuardStart {
  readonly runId: string;
  readonly program: readonly string[];
  readonly cwd: string;
  /** The agent's whole environment; the guard adds the marker. */
  readonly env: Readonly<Record<string, string>>;
  readonly lockPath: string;
  readonly runnerPid: number;
  /** What starts the program as another user; null: the guard itself starts it. */
  readonly launcher: {
    /** Path of its socket. */
    readonly socket: string;
    /** The runner holds it. */
    readonly uid: number;
    readonly groups: readonly number[];
  } | null;
  /** For the control group that the agent is started in. */
  readonly group: GroupLimits;
  /** Milliseconds that the agent may live without another beat. */
  readonly leftMs: number;
}

/** A beat says how long the agent may live from now on without another: as long as the job's lock is surely ours. */
export type GuardCommand = `beat ${number}` | "term" | "kill";

/** Why the agent ended, as the guard saw it; the first reason counts. */
export type GuardCause = "exit" | "heartbeat-lost" | "runner-gone" | "killed";

export interface GuardExit {
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  /** How many processes outlived the agent and were killed. */
  readonly survivors: number;
  /** How many could not be killed in time; 0 when all is well. */
  readonly remaining: number;
  readonly cause: GuardCause;
  /** How often the kernel has killed in the run's own control group for want of memory; null: nobody knows. */
  readonly oomKills: number | null;
}

export type GuardMessage = { readonly started: { readonly pid: number } } | GuardExit | { readonly spawnError: string };

/** Null for what is no message: a guard that is killed may have said half of one. */
export function parseMessage(line: string): GuardMessage | null {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === "object" && message !== null ? (message as GuardMessage) : null;
  } catch {
    return null; // Its end, without a report, tells the rest.
  }
}
