import type { BlockedHost } from "@tac8/core/domain/blockedHosts";
import type { Denial } from "@tac8/core/domain/denials";
import type { ModelUsage, Tokens } from "@tac8/core/domain/usage";
import type { LiveEvent } from "@tac8/core/conversation/event";
import type { Logger } from "@tac8/core/log/logger";
import type { Lock } from "@tac8/core/process/flock";
import type { GroupLimits } from "../process/cgroup.ts";
import type { Membership } from "../process/members.ts";
import type { GuardExit, GuardStart } from "../guard/protocol.ts";

/** How an agent's program is started. */
export interface Launch {
  /** Program and arguments of the process that starts it, such as of a sandbox. */
  readonly commandOf: (program: readonly string[]) => readonly string[];
  /** That process is a sandbox, which the runner itself starts; null: the guard starts it. See `startSandbox`. */
  readonly sandbox: { readonly insideFd: number; readonly bash: string } | null;
  /** What starts that process as another user; default: the guard. See `GuardStart`. */
  readonly launcher?: NonNullable<GuardStart["launcher"]>;
  /** Return how the program ended, from how that process did. */
  readonly endOf: (exit: GuardExit["exit"]) => GuardExit["exit"];
  /** Return what all processes of the run have in common, by the pid of that process. Default: nothing that is certain. */
  readonly membersOf?: (pid: number) => Membership | null;
}

/** What to run, for whom, within which bounds. */
export interface AgentRequest {
  readonly runId: string;
  /** What goes before the program, such as for limits. Default: nothing. */
  readonly prefix?: readonly string[];
  /** Program and its leading arguments; with the command driver the whole template. */
  readonly program: readonly string[];
  readonly cwd: string;
  /** The whole environment: the agent gets this, the driver's defaults where it is silent, and the marker. */
  readonly env: Readonly<Record<string, string>>;
  readonly prompt: string;
  /** Where the caller has written the prompt, for CLIs that read it from a file. */
  readonly promptFile: string;
  /** Where a program may write its answer, for CLIs that want a file for it. Nobody reads it. */
  readonly outputFile: string;
  readonly model: string;
  /** A UUID. */
  readonly sessionId: string;
  /** Continue with that session instead of starting it. */
  readonly resume: boolean;
  /**
   * The program loads settings, MCP servers and instructions of its home folder alone, none of the workspace; `servers`: a
   * file of further MCP servers, or null. Default null: it loads what it finds.
   */
  readonly ofHome?: { readonly servers: string | null } | null;
  /** US dollars; 0 is no limit. */
  readonly maxUsd: number;
  /** The workspace's lock; guard and agent inherit it. The caller releases it. */
  readonly lock: Lock;
  readonly logPath: string;
  readonly limits: {
    /** From start to end. */
    readonly wallMs: number;
    /** Without a byte of output. */
    readonly stallMs: number;
    /** How long an agent that has finished may stay, silent, before it is ended. Default 60 s. */
    readonly lingerMs?: number;
    /** What a time-out or a stall leaves the agent to end by itself. Default 20 s. */
    readonly graceMs?: number;
    /** For all processes of the run together. Default 0: no limit. */
    readonly memoryBytes?: number;
    /** Processes and threads of the run together. Default 0: no limit. */
    readonly tasks?: number;
    /** `memory.events` of the group above the one that systemd makes for the run; default null: it makes none. */
    readonly oomEvents?: string | null;
    /** For the run's own control group. */
    readonly group?: GroupLimits;
  };
  readonly heartbeatMs: number;
}

export interface AgentDeps {
  /** What happens, shortened, in order; must not throw. */
  readonly onEvent: (event: LiveEvent) => void;
  /**
   * How long the agent may live on, in milliseconds, without another word: until its job's lock is near its end. Asked at
   * the start and at each heartbeat, which tells the guard; not positive: the agent is killed at once.
   */
  readonly leftMs: () => number;
  readonly log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Who or what asked for the end: a user, a closed issue, the runner's own shutdown, a job or run id no longer ours, the disk. */
export type StopCause = "stopped" | "cancelled" | "shutdown" | "lost" | "disk-full";

/** The first cause of the end; every end has exactly one. */
export type EndCause =
  | "exited"
  | "lingered"
  | "timeout"
  | "stalled"
  | "out-of-memory"
  | "process-limit"
  | "heartbeat-lost"
  | "guard-killed"
  | "guard-lost"
  | "spawn-failed"
  | StopCause;

export interface AgentHandle {
  /** The guard's pid: as long as it lives, the agent is supervised. */
  readonly pid: number;
  /** The agent's own; null when it could not be started. */
  readonly agentPid: Promise<number | null>;
  readonly sessionId: string;
  /** What all processes of the run have in common; null: nothing that is certain, or it has not started yet. */
  members(): Membership | null;
  /** Never rejects. When it resolves, no process of the run is left (else `remaining` counts them). */
  readonly done: Promise<AgentEnd>;
  /** Politely, then firmly: at most `graceMs` until everything is killed. Idempotent; resolves with `done`. */
  stop(cause: StopCause, options: { readonly graceMs: number }): Promise<AgentEnd>;
  /** At once. `why`: what is told of it, beside the cause. */
  kill(cause: StopCause | "guard-killed", why?: string): Promise<AgentEnd>;
}

/** The last `result` event. */
export interface ClaudeResult {
  readonly subtype: string;
  readonly isError: boolean;
  readonly terminalReason: string | null;
  /** HTTP status of the failed call to the model's API. */
  readonly apiStatus: number | null;
  /** What else of the event names its end, one word each: `api_error`, `api_error_type`, `stop_reason`. */
  readonly codes: readonly string[];
  readonly text: string;
  readonly errors: readonly string[];
}

/** A call to the model's API that failed, as the CLI's events name it. */
export interface ApiFailure {
  /** Such as `authentication_failed` or `overloaded_error`. */
  readonly codes: readonly string[];
  /** HTTP status; null: there was no answer, or none was told. */
  readonly status: number | null;
  /** The CLI was about to try again. */
  readonly retrying: boolean;
}

export interface RateLimit {
  readonly status: string;
  /** Epoch milliseconds. */
  readonly resetsAt: number | null;
}

/** Something that an agent had begun and not ended when its turn ended. */
export interface OpenWork {
  /** For people, a few words. */
  readonly words: string;
  /** A command of its own in the background: a server, say, that it forgot. It plans no work. */
  readonly isCommand: boolean;
}

/** What a driver has understood of the output. */
export interface AgentSummary {
  readonly result: ClaudeResult | null;
  /** That result was a success, and nothing is awaited or was begun after it. */
  readonly finished: boolean;
  readonly usage: Tokens;
  readonly costUsd: number;
  /** The same by model: another one may step in. */
  readonly models: Readonly<Record<string, ModelUsage>>;
  readonly turns: number;
  /** The final words of the turn that it ended last, what it said last, or the end of its output; at most 60,000 characters. */
  readonly lastText: string;
  readonly sessionId: string | null;
  readonly rateLimit: RateLimit | null;
  /** Calls that permission rules denied. */
  readonly denials: readonly Denial[];
  /** What was left open when its turn ended: then it has not finished, whatever the result says. */
  readonly unfinished: readonly OpenWork[];
  /** The newest failed call to the model's API; null: it has answered since, or none has failed. */
  readonly apiFailure: ApiFailure | null;
  /** In this run a tool was called, or the model said something. */
  readonly worked: boolean;
}

export interface AgentEnd extends AgentSummary {
  readonly cause: EndCause;
  readonly code: number | null;
  readonly signal: string | null;
  readonly durationMs: number;
  /** At most 4 kB. */
  readonly stderrTail: string;
  readonly survivorsKilled: number;
  /** Processes that could not be killed. */
  readonly remaining: number;
  /** What went wrong around the agent: it could not be started, the guard was lost, the log could not be written. */
  readonly problems: readonly string[];
  /** Hosts that the network of its sandbox refused; absent: it had none. */
  readonly blockedHosts?: readonly BlockedHost[];
  /**
   * Answers of the model whose usage the proxy of its sandbox could not read; null: the proxy ended without a report; absent: it
   * had none.
   */
  readonly unreadAnswers?: number | null;
}

/** How a CLI is started and understood; one object per kind, a new reader per run. */
export interface AgentDriver {
  readonly name: "claude" | "command";
  command(request: AgentRequest): DriverCommand;
  createReader(now: () => number): DriverReader;
}

export interface DriverCommand {
  readonly program: readonly string[];
  /** Set where the request's environment is silent. */
  readonly envDefaults: Readonly<Record<string, string>>;
  /** Written to stdin at once; stdin is closed after it unless the driver keeps it for control. */
  readonly stdin: string;
  readonly keepStdinOpen: boolean;
  /** What to write to stdin to interrupt the agent's turn; null where it can't be. */
  readonly interrupt: string | null;
}

export interface DriverReader {
  /** @returns what is worth showing. */
  line(text: string, cut: boolean): LiveEvent[];
  /** A result has been seen: nothing more will be asked of the agent. */
  hasResult(): boolean;
  /** As in the summary. */
  finished(): boolean;
  summary(): AgentSummary;
}
