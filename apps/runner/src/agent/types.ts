import type { BlockedHost } from "@tac8/core/domain/blockedHosts";
import type { Denial } from "@tac8/core/domain/denials";
import type { ModelUsage, Tokens } from "@tac8/core/domain/usage";
import type { LiveEvent } from "@tac8/core/conversation/event";
import type { Logger } from "@tac8/core/log/logger";
import type { Lock } from "@tac8/core/process/flock";
import type { GroupLimits } from "../process/cgroup.ts";
import type { Membership } from "../process/members.ts";
import type { DirectStart } from "../guard/direct.ts";
import type { GuardExit, GuardStart } from "../guard/protocol.ts";

/** Way to start an agent's program. */
export interface Launch {
  /** Return the command that starts the program, such as a sandbox. */
  readonly commandOf: (program: readonly string[]) => readonly string[];
  /** Program that starts that command: the runner itself, or the launcher. See `startDirect` and `startLaunched`. */
  readonly starter: Pick<DirectStart, "bash" | "insideFd"> | Pick<GuardStart, "launcher">;
  /** Convert the exit of that process to the exit of the agent's program. */
  readonly endOf: (exit: GuardExit["exit"]) => GuardExit["exit"];
  /** Return the membership of all processes of the run, by the pid of that process. Default: none that is certain. */
  readonly membersOf?: (pid: number) => Membership | null;
}

/** A run of an agent: program, environment and limits. */
export interface AgentRequest {
  readonly runId: string;
  /** Arguments before the program, such as for limits. Default: none. */
  readonly commandPrefix?: readonly string[];
  /** Program and its first arguments; for the command driver, the whole template. */
  readonly program: readonly string[];
  readonly cwd: string;
  /** The complete environment: the agent gets it, the driver's defaults for missing variables, and the marker. */
  readonly env: Readonly<Record<string, string>>;
  readonly prompt: string;
  /** File with the prompt, for CLIs that read it from a file. */
  readonly promptFile: string;
  /** File for the program's answer, for CLIs that need one. tac8 does not read it. */
  readonly outputFile: string;
  readonly model: string;
  /** A UUID. */
  readonly sessionId: string;
  /** Resume that session instead of starting it. */
  readonly resume: boolean;
  /**
   * Load settings, MCP servers and instructions only from the home folder, none from the workspace. `servers`: a file
   * of further MCP servers, or null. Default null: the program loads everything it finds.
   */
  readonly privateHome?: { readonly servers: string | null } | null;
  /** US dollars; 0 means no limit. */
  readonly maxUsd: number;
  /** The workspace's lock. The guard inherits it, and so does an agent without isolation. The caller releases it. */
  readonly lock: Lock;
  readonly logPath: string;
  readonly limits: {
    /** From start to end. */
    readonly wallMs: number;
    /** Time without any output. */
    readonly stallMs: number;
    /** Time for which a finished agent may stay silent before it is ended. Default 60 s. */
    readonly lingerMs?: number;
    /** Time for an agent to end by itself after a time-out or a stall. Default 20 s. */
    readonly graceMs?: number;
    /** For all processes of the run together. Default 0: no limit. */
    readonly memoryBytes?: number;
    /** Processes and threads of the run together. Default 0: no limit. */
    readonly tasks?: number;
    /**
     * `memory.events` of the group above the one that systemd creates for the run; default null: systemd creates none.
     */
    readonly oomEvents?: string | null;
    /** Limits of the run's own control group. */
    readonly group?: GroupLimits;
  };
  readonly heartbeatMs: number;
}

export interface AgentDeps {
  /** Called with each event, shortened, in order. Must not throw. */
  readonly onEvent: (event: LiveEvent) => void;
  /**
   * Return how long the agent may live without another heartbeat, in milliseconds: until its job's lock is about to
   * expire. Called at the start and for each heartbeat, which sends the time to the guard. If it is not positive, the
   * agent is killed at once.
   */
  readonly timeLeftMs: () => number;
  readonly log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Cause of a halt. `stopped`: a user's stop, or an edit of the issue. `cancelled`: a closed issue. `shutdown`: of the runner. `lost`: the
 * run has lost its job or its run id. `disk-full`: the agent has filled the disk.
 */
export type HaltCause = "stopped" | "cancelled" | "shutdown" | "lost" | "disk-full";

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
  | HaltCause;

export interface AgentHandle {
  /** Pid of the guard. While the guard lives, the agent is supervised. */
  readonly pid: number;
  /** Pid of the agent; null if it could not be started. */
  readonly agentPid: Promise<number | null>;
  readonly sessionId: string;
  /** Return the membership of all processes of the run; null if none is certain, or if the run has not started. */
  members(): Membership | null;
  /** Resolves when no process of the run is left (otherwise `remaining` counts them). Never rejects. */
  readonly done: Promise<AgentEnd>;
  /** Stop the agent in steps: everything is killed after at most `graceMs`. Idempotent; resolves with `done`. */
  stop(cause: HaltCause, options: { readonly graceMs: number }): Promise<AgentEnd>;
  /** Kill the agent at once. `why`: a reason to show with the cause. */
  kill(cause: HaltCause | "guard-killed", why?: string): Promise<AgentEnd>;
}

/** The last `result` event. */
export interface ClaudeResult {
  readonly subtype: string;
  readonly isError: boolean;
  readonly terminalReason: string | null;
  /** HTTP status of the failed call to the model's API. */
  readonly apiStatus: number | null;
  /** Other codes of the event that name its end, one word each: `api_error`, `api_error_type`, `stop_reason`. */
  readonly codes: readonly string[];
  readonly text: string;
  readonly errors: readonly string[];
}

/** A call to the model's API that failed, as the CLI's events name it. */
export interface ApiFailure {
  /** Such as `authentication_failed` or `overloaded_error`. */
  readonly codes: readonly string[];
  /** HTTP status; null if there was no answer or no reported status. */
  readonly status: number | null;
  /** The CLI was about to retry. */
  readonly retrying: boolean;
}

export interface RateLimit {
  readonly status: string;
  /** Epoch milliseconds. */
  readonly resetsAt: number | null;
}

/** Work that an agent had started and not finished when its turn ended. */
export interface OpenWork {
  /** Text for users, a few words. */
  readonly description: string;
  /** Whether it is a background command of the agent, such as a forgotten server. It schedules no work. */
  readonly isCommand: boolean;
}

/** Summary of the output, as a driver has parsed it. */
export interface AgentSummary {
  readonly result: ClaudeResult | null;
  /** That result was a success, and the program awaits nothing and has started nothing since. */
  readonly finished: boolean;
  readonly usage: Tokens;
  readonly costUsd: number;
  /** Usage by model, because the CLI may use several. */
  readonly models: Readonly<Record<string, ModelUsage>>;
  readonly turns: number;
  /**
   * The final text of the last finished turn, or the last text, or the end of the output; at most 60,000 characters.
   */
  readonly lastText: string;
  readonly sessionId: string | null;
  readonly rateLimit: RateLimit | null;
  /** Calls that permission rules denied. */
  readonly denials: readonly Denial[];
  /** Unfinished work at the end of its turn. With such work the agent has not finished, whatever the result is. */
  readonly unfinished: readonly OpenWork[];
  /** The newest failed call to the model's API; null if none has failed, or a later one succeeded. */
  readonly apiFailure: ApiFailure | null;
  /** Whether a tool was called or the model wrote text in this run. */
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
  /** Problems around the agent: it could not be started, the guard was lost, the log could not be written. */
  readonly problems: readonly string[];
  /** Hosts that its proxy refused; absent without a proxy. */
  readonly blockedHosts?: readonly BlockedHost[];
  /**
   * Answers of the model whose usage the proxy of its sandbox could not read; null if the proxy ended without a report;
   * absent without a proxy.
   */
  readonly unreadAnswers?: number | null;
}

/** Command and parser of a CLI: one driver per kind of CLI, a new reader per run. */
export interface AgentDriver {
  readonly name: "claude" | "command";
  command(request: AgentRequest): DriverCommand;
  createReader(now: () => number): DriverReader;
}

export interface DriverCommand {
  readonly program: readonly string[];
  /** Variables that are set if the request's environment does not have them. */
  readonly envDefaults: Readonly<Record<string, string>>;
  /** Written to stdin at once; stdin is closed after it unless the driver keeps it for control. */
  readonly stdin: string;
  readonly keepStdinOpen: boolean;
  /** Text for stdin that interrupts the agent's turn; null if the CLI cannot be interrupted. */
  readonly interrupt: string | null;
}

export interface DriverReader {
  /** @returns the events to show. */
  line(text: string, cut: boolean): LiveEvent[];
  /** Whether a result was received, so the agent gets no more messages. */
  hasResult(): boolean;
  /** Same as `finished` of the summary. */
  finished(): boolean;
  summary(): AgentSummary;
}
