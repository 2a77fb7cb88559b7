import { parseResetTime } from "./resetTime.ts";
import { clean, clip } from "@tac8/core/conversation/shorten";
import type { AgentEnd, EndCause } from "./types.ts";

/** Kinds of the failure table that an agent's end can have, and the stops that are no failures of the agent. */
export type FailureKind =
  | "startup"
  | "agent"
  | "timeout"
  | "stalled"
  | "out-of-memory"
  | "usage-limit"
  | "auth"
  | "unfinished"
  | "lost"
  | "stopped"
  | "cancelled"
  | "shutdown";

export interface Failure {
  readonly ok: false;
  readonly kind: FailureKind;
  /** For people: quotes the CLI; at most 500 characters, no terminal codes. */
  readonly message: string;
  /** When a usage limit is lifted, epoch milliseconds; null where unknown. */
  readonly until: number | null;
  /** The session to resume is unknown here: start a new one. */
  readonly resumeFailed: boolean;
}

export type Verdict = { readonly ok: true } | Failure;

export interface ClassifyOptions {
  readonly provider: "claude" | "command";
  /** Epoch milliseconds. */
  readonly now: number;
}

const ENDED_BY_US: ReadonlySet<EndCause> = new Set(["lingered", "shutdown", "stalled", "timeout"]);
const MAX_MESSAGE = 500;
const STARTUP_MS = 10_000;
const LIMIT = /usage limit|limit reached|hit your (?:\w+ )*limit|out of (?:\w+ )*usage|credit balance is too low/i;
const AUTH = /invalid api key|please run \/login|oauth token (?:has )?(?:expired|been revoked)|not logged in/i;
const NO_SESSION = /no conversation found/i;

/** What an agent's end means, by the failure table. */
export function classifyEnd(end: AgentEnd, options: ClassifyOptions): Verdict {
  const said = quote(end);
  const failure = (kind: FailureKind, more: Partial<Failure> = {}): Failure => ({
    ok: false,
    kind,
    message: clip(said === "" ? describe(end) : `${describe(end)}: ${said}`, MAX_MESSAGE),
    until: null,
    resumeFailed: false,
    ...more,
  });
  const byCause = kindOfCause(end.cause);
  // Ended for our own sake, or because it did not end by itself, when it had done all: that work is paid for.
  const hadDone =
    ENDED_BY_US.has(end.cause) && options.provider === "claude" && (end.finished || isSuccess(end, options));
  if (hadDone || (byCause === null && isSuccess(end, options))) {
    if (end.unfinished.length === 0) return { ok: true };
    if (byCause === null) return failure("unfinished", { message: describeUnfinished(end) });
  }
  if (byCause !== null) return failure(byCause);
  if (options.provider === "command") return failure(isStartup(end) ? "startup" : "agent");

  const evidence = evidenceOf(end);
  if (NO_SESSION.test(evidence)) return failure("startup", { resumeFailed: true });
  const status = end.result?.apiStatus ?? null;
  if (status === 429 || wasRejected(end) || LIMIT.test(evidence)) {
    return failure("usage-limit", { until: limitedUntil({ end, evidence, now: options.now }) });
  }
  if (status === 401 || status === 403 || AUTH.test(evidence)) return failure("auth");
  return failure(isStartup(end) ? "startup" : "agent");
}

/** Null: the agent ended by itself, and what it said decides. */
function kindOfCause(cause: EndCause): FailureKind | null {
  switch (cause) {
    case "exited":
    case "lingered":
      return null;
    case "timeout":
    case "stalled":
    case "out-of-memory":
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

function isSuccess(end: AgentEnd, { provider }: ClassifyOptions): boolean {
  if (end.code !== 0) return false;
  return provider === "command" || (end.result !== null && !end.result.isError);
}

function isStartup(end: AgentEnd): boolean {
  return end.result === null && end.durationMs < STARTUP_MS;
}

/** Only the CLI's own words count, and only of a failed end: an agent may well write about limits and keys. */
function evidenceOf({ result, stderrTail }: AgentEnd): string {
  return [result?.isError === true ? result.text : "", ...(result?.errors ?? []), stderrTail].join("\n");
}

/** A limit may be noted although paid extra usage goes on: only an end by the API, or with no result, is due to it. */
function wasRejected({ rateLimit, result }: AgentEnd): boolean {
  return rateLimit?.status === "rejected" && (result === null || result.terminalReason === "api_error");
}

function limitedUntil({ end, evidence, now }: { end: AgentEnd; evidence: string; now: number }): number | null {
  const { rateLimit } = end;
  const told = rateLimit?.status === "rejected" ? rateLimit.resetsAt : null;
  return told !== null && told > now ? told : parseResetTime(evidence, now);
}

function quote({ result, stderrTail, problems, lastText }: AgentEnd): string {
  const sources = [
    result?.isError === true ? result.text : "",
    problems.join("; "),
    stderrTail,
    (result?.errors ?? []).filter((error) => !error.startsWith("[ede_diagnostic]")).join("; "),
    result === null ? lastText.slice(-400) : "",
  ];
  return clean(sources.find((source) => source.trim() !== "") ?? "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function describe({ cause, code, signal, result, durationMs }: AgentEnd): string {
  if (cause !== "exited") return `the agent's run ended (${cause}) after ${seconds(durationMs)}`;
  const how = signal === null ? `exit code ${code}` : signal;
  if (result === null) return `the agent ended with ${how} after ${seconds(durationMs)} without a result`;
  const flag = result.subtype === "success" ? (result.terminalReason ?? "") : result.subtype;
  return `the agent ended with ${how}${result.isError ? ` (${flag})` : ""}`;
}

function describeUnfinished({ unfinished }: AgentEnd): string {
  return clip(clean(`the agent ended its turn with work left open: ${unfinished.join("; ")}`), MAX_MESSAGE);
}

function seconds(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
