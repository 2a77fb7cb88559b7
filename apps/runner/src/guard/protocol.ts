/** An agent to start. */
export interface AgentStart {
  readonly runId: string;
  readonly program: readonly string[];
  readonly cwd: string;
  /** The agent's complete environment, except the process marker. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds that the agent may live without another heartbeat. */
  readonly leftMs: number;
}

/**
 * Messages between the runner and a guard in Node on the guard's descriptor 4, one JSON text or word per line. Runner →
 * guard: first a GuardStart, then `beat <ms>`, `term`, `kill`. Guard → runner: GuardMessage.
 */
export interface GuardStart extends AgentStart {
  /** Launcher that starts the program as another user. */
  readonly launcher: {
    /** Path of its socket. */
    readonly socket: string;
    /** User id that the runner holds. */
    readonly uid: number;
    readonly groups: readonly number[];
  };
}

/**
 * A heartbeat has the time that the agent may live without another one: as long as the job's lock is certainly ours.
 */
export type GuardCommand = `beat ${number}` | "term" | "kill";

/** Why the agent ended, from the guard's view; the first cause counts. */
export type GuardCause = "exit" | "heartbeat-lost" | "runner-lost" | "killed";

export interface GuardExit {
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  /** Number of processes that outlived the agent and were killed. */
  readonly survivors: number;
  /** Number of processes that could not be killed in time; normally 0. */
  readonly remaining: number;
  readonly cause: GuardCause;
  /** Number of kills by the kernel in the run's own control group because memory ran out; null if unknown. */
  readonly oomKills: number | null;
}

export type GuardMessage = { readonly started: { readonly pid: number } } | GuardExit | { readonly spawnError: string };

/** Parse a message; null if it is none, because a guard that is killed may have sent only a part. */
export function parseMessage(line: string): GuardMessage | null {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === "object" && message !== null ? (message as GuardMessage) : null;
  } catch {
    return null; // The guard's end without a report is handled instead.
  }
}
