import { isPlausible, parseResetTime } from "./resetTime.ts";
import type { FailureKind } from "@tac8/core/domain/failures";
import { formatRoughly } from "@tac8/core/domain/formats";
import { clean, clip } from "@tac8/core/domain/plainText";
import { signalOf, wordsOf, type Signal } from "./signals.ts";
import type { AgentEnd, EndCause, HaltCause } from "./types.ts";

/** A kind of the failure table, or a stop that is not a failure of the agent. */
export type EndKind = FailureKind | Exclude<HaltCause, FailureKind>;

export interface AgentFailure {
  readonly ok: false;
  readonly kind: EndKind;
  /** Message for users, which quotes the CLI; at most 500 characters, without terminal codes. */
  readonly message: string;
  /** End of the usage limit, epoch milliseconds; null if unknown. */
  readonly until: number | null;
  /** The agent's program does not know the session, so nothing was run: start a new session immediately. */
  readonly resumeFailed: boolean;
  /** With kind `unfinished`: only background commands of the agent were left open. */
  readonly onlyCommands: boolean;
  /** A resumed session would fail the same way, so the next attempt starts a new one. */
  readonly sessionSpent: boolean;
}

/** What the end of an agent means: success, or a failure. */
export type AgentResult = { readonly ok: true } | AgentFailure;

export interface ClassifyOptions {
  readonly provider: "claude" | "command";
  /** Epoch milliseconds. */
  readonly now: number;
}

const ENDED_BY_US: ReadonlySet<EndCause> = new Set([
  "disk-full",
  "lingered",
  "process-limit",
  "shutdown",
  "stalled",
  "timeout",
]);
const MAX_MESSAGE = 500;
const STARTUP_MS = 10_000;
const NO_SESSION = /no conversation found/i;

/** Classify the end of an agent by the failure table. */
export function classifyEnd(end: AgentEnd, options: ClassifyOptions): AgentResult {
  const quoted = quote(end);
  const failure = (kind: EndKind, more: Partial<AgentFailure> = {}): AgentFailure => ({
    ok: false,
    kind,
    message: clip(quoted === "" ? describe(end) : `${describe(end)}: ${quoted}`, MAX_MESSAGE),
    until: null,
    resumeFailed: false,
    onlyCommands: false,
    sessionSpent: false,
    ...more,
  });
  const byCause = kindOfCause(end.cause);
  // tac8 ended an agent that had already finished, so its work counts.
  const hadDone =
    ENDED_BY_US.has(end.cause) && options.provider === "claude" && (hasFinished(end) || isSuccess(end, options));
  if (hadDone || (byCause === null && isSuccess(end, options))) {
    if (end.unfinished.length === 0) return { ok: true };
    if (byCause === null) return failure("unfinished", describeUnfinished(end));
  }
  if (options.provider === "command") return failure(byCause ?? (isStartup(end) ? "startup" : "agent"));
  if (byCause !== null && byCause !== "stalled" && byCause !== "timeout") {
    return failure(byCause, { sessionSpent: byCause === "out-of-memory" && !end.worked });
  }
  if (NO_SESSION.test(wordsOf(end))) return failure("startup", { resumeFailed: true });
  const signal = byCause === null || end.apiFailure !== null ? signalOf(end) : null;
  if (signal !== null && signal !== "session") return failure(signal, { until: untilOf(end, signal, options.now) });
  const kind = byCause ?? (isStartup(end) ? "startup" : "agent");
  return failure(kind, { sessionSpent: signal === "session" || !end.worked });
}

/** Return the kind for a cause; null if the agent ended by itself, because then its output decides. */
function kindOfCause(cause: EndCause): EndKind | null {
  switch (cause) {
    case "exited":
    case "lingered":
      return null;
    case "timeout":
    case "stalled":
    case "out-of-memory":
    case "process-limit":
    case "disk-full":
    case "stopped":
    case "cancelled":
    case "shutdown":
    case "lost":
      return cause;
    case "heartbeat-lost":
    case "guard-lost":
    case "guard-killed":
      return "lost";
    case "spawn-failed":
      return "startup";
    default:
      return unknownCause(cause);
  }
}

function unknownCause(cause: never): never {
  throw new Error(`unknown cause of an agent's end: ${String(cause)}`);
}

/**
 * Return whether the agent succeeded. It must have worked in this run, because a session without output also exits with
 * a success.
 */
function isSuccess(end: AgentEnd, { provider }: ClassifyOptions): boolean {
  if (end.code !== 0) return false;
  if (provider === "command") return true;
  return end.result !== null && !end.result.isError && end.apiFailure === null && end.worked;
}

function hasFinished({ finished, worked, apiFailure }: AgentEnd): boolean {
  return finished && worked && apiFailure === null;
}

function isStartup(end: AgentEnd): boolean {
  return end.result === null && end.durationMs < STARTUP_MS;
}

/**
 * Return the end of a usage limit. A time given as a number takes precedence, even if it is over, because the time in
 * the text is rounded.
 */
function untilOf(end: AgentEnd, signal: Signal, now: number): number | null {
  if (signal !== "usage-limit") return null;
  const resetsAt = end.rateLimit?.status === "rejected" ? end.rateLimit.resetsAt : null;
  return resetsAt !== null && isPlausible(resetsAt, now) ? resetsAt : parseResetTime(wordsOf(end), now);
}

function quote({ result, stderrTail, problems, lastText, apiFailure }: AgentEnd): string {
  const sources = [
    result?.isError === true ? result.text : "",
    problems.join("; "),
    stderrTail,
    apiFailure === null
      ? ""
      : `its last call to the model failed (${[apiFailure.status ?? "no answer", ...apiFailure.codes].join(", ")})`,
    (result?.errors ?? []).filter((error) => !error.startsWith("[ede_diagnostic]")).join("; "),
    result === null ? lastText.slice(-400) : "",
  ];
  return clean(sources.find((source) => source.trim() !== "") ?? "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function describe({ cause, code, signal, result, durationMs, worked }: AgentEnd): string {
  if (cause !== "exited") return `the agent was stopped (${cause}) after ${formatRoughly(durationMs)}`;
  const how = signal === null ? `exit code ${code}` : signal;
  if (result === null) return `the agent ended with ${how} after ${formatRoughly(durationMs)} without a result`;
  const flag = result.subtype === "success" ? (result.terminalReason ?? "") : result.subtype;
  if (result.isError) return `the agent ended with ${how} (${flag})`;
  return `the agent ended with ${how}${worked ? "" : " without any output or tool call"}`;
}

function describeUnfinished({ unfinished }: AgentEnd): Pick<AgentFailure, "message" | "onlyCommands"> {
  const words = unfinished.map((open) => open.description).join("; ");
  return {
    message: clip(clean(`the agent ended its turn with unfinished work: ${words}`), MAX_MESSAGE),
    onlyCommands: unfinished.every(({ isCommand }) => isCommand),
  };
}
