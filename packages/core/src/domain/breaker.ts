import { z } from "zod";
import { meaningOf } from "./eventMeaning.ts";
import type { LoggedEvent } from "./events.ts";
import { POLICY } from "./failures.ts";
import { endedWell } from "./states.ts";

/**
 * The breaker: if the last runs of several issues failed with the same error, the issues are not the cause, so the queue is paused.
 * For an outage of the model's service, one failed run is enough.
 *
 *   closed ──the last N runs failed alike, or an outage──▶ open ──its hold is over──▶ probing ──a run ends otherwise──▶ closed
 *                                                            ◀────────one more fails alike────────┘
 *
 * `open`: the hold `breaker`, or `model` for an outage. `probing`: one job at a time in the whole queue, beside those that
 * were running when the hold ended.
 *
 * `apps/scheduler/src/breaker.ts` reads the facts, and carries out the plan.
 */
const stateSchema = z.discriminatedUnion("phase", [
  z.object({ phase: z.literal("closed"), after: z.string() }),
  z.object({
    phase: z.enum(["open", "probing"]),
    /** Newest event at the last change of the breaker. Only later events count. */
    after: z.string(),
    /** The error: the kind of failure, and for some kinds the message without ids and numbers. */
    way: z.string(),
    /** How many times it tripped in a row, which determines the duration of the hold. */
    times: z.number(),
    /** The queue's limit before the probe, which is restored after it. */
    concurrency: z.number().nullable(),
    /** Jobs that were active when the probe began and still are. They may run for hours, so the probe does not wait for them. */
    older: z.array(z.string()).default([]),
  }),
]);
export type BreakerState = z.infer<typeof stateSchema>;
type Tripped = Exclude<BreakerState, { phase: "closed" }>;

export const CLOSED: BreakerState = { phase: "closed", after: "0-0" };

/** Parse the stored state. An unreadable one counts as closed. */
export function parseBreaker(text: string | null): BreakerState {
  try {
    return stateSchema.safeParse(JSON.parse(text ?? "")).data ?? CLOSED;
  } catch {
    return CLOSED; // Missing, or of another version.
  }
}

export interface BreakerFacts {
  readonly state: BreakerState;
  /** The newest events of the event log, oldest first. */
  readonly events: readonly LoggedEvent[];
  /** Whether the hold of this state exists and has not ended. */
  readonly held: boolean;
  /** Runs whose agent has called a tool, which shows that the model responds. */
  readonly answered: readonly string[];
  /** Ids of the jobs that are active now. */
  readonly active: readonly string[];
  /** Number of consecutive failures with the same error that trip it; 0: it never trips. */
  readonly failures: number;
  /** Multiplies the holds; config `backoff_factor`. */
  readonly factor: number;
  /** Epoch ms. */
  readonly now: number;
}

export type BreakerPlan =
  | { readonly do: "nothing" }
  | { readonly do: "trip"; readonly state: Tripped; readonly reason: string; readonly until: number }
  /** Begin a probe, or update its limit when an older job ends. The queue's limit is `probeLimit` of the state. */
  | { readonly do: "probe"; readonly state: Tripped }
  | { readonly do: "close"; readonly state: BreakerState; readonly reason: string };

const HOLD_MINUTES = [5, 15, 30, 60];
/** Value of `way` for runs that failed because of an outage of the model's service. */
const OUTAGE = "model";
/** Number of different issues that must fail. */
const ISSUES = 2;
const NOTHING: BreakerPlan = { do: "nothing" };

/** Return the name of the hold of a tripped breaker. */
export function holdOf({ way }: Pick<Tripped, "way">): "model" | "breaker" {
  return way === OUTAGE ? "model" : "breaker";
}

/** Plan the next step of the breaker. Pure. */
export function planBreaker(facts: BreakerFacts): BreakerPlan {
  const { state } = facts;
  if (state.phase === "closed") return whileClosed(facts);
  // If the breaker is disabled, outages still hold the queue, with the hold `model`.
  if (facts.failures === 0 && state.way !== OUTAGE) return close(facts, "the breaker was disabled");
  if (state.phase === "probing") return whileProbing(facts, state);
  if (facts.held) return NOTHING;
  return { do: "probe", state: { ...state, phase: "probing", after: newest(facts), older: [...facts.active] } };
}

/** Return the queue's limit while probing: one job in addition to the older ones, at most the limit that the user has set. Pure. */
export function probeLimit({ older, concurrency }: Pick<Tripped, "older" | "concurrency">): number {
  return Math.min(older.length + 1, concurrency ?? Infinity);
}

/** Return the older jobs that are still active. Pure. */
export function stillActiveOlder({ older }: Pick<Tripped, "older">, active: readonly string[]): string[] {
  return older.filter((id) => active.includes(id));
}

function whileClosed(facts: BreakerFacts): BreakerPlan {
  const ends = endsAfter(facts).filter(({ end }) => end.how !== "own-fault");
  const newest = ends.at(-1);
  if (newest?.end.how === "failed" && newest.end.way === OUTAGE) {
    return trip(facts, { way: OUTAGE, times: 1, concurrency: null, reason: newest.event.reason });
  }
  return facts.failures === 0 ? NOTHING : whenAlike(facts, ends.slice(-facts.failures));
}

function whenAlike(facts: BreakerFacts, last: readonly EndedRun[]): BreakerPlan {
  const [first] = last;
  if (last.length < facts.failures || first?.end.how !== "failed") return NOTHING;
  const { way } = first.end;
  if (!last.every(({ end }) => end.how === "failed" && end.way === way)) return NOTHING;
  if (new Set(last.map(({ event }) => event.issue)).size < ISSUES) return NOTHING;
  const reason = `the last ${last.length} runs failed with the same error: ${last.at(-1)?.event.reason ?? way}`;
  return trip(facts, { way, times: 1, concurrency: null, reason });
}

/** Plan while probing: the first run that ends with a result decides. During an outage, a run to which the model responds decides too. */
function whileProbing(facts: BreakerFacts, state: Tripped): BreakerPlan {
  const { way, times, concurrency } = state;
  const [first] = endsAfter(facts);
  if (first === undefined) return whileProbeRuns(facts, state);
  const { end, event } = first;
  if (end.how === "succeeded") return close(facts, `a run of ${event.issue} succeeded`);
  if (end.how === "failed" && end.way === OUTAGE && way !== OUTAGE) {
    return trip(facts, { way: OUTAGE, times: 1, concurrency, reason: event.reason });
  }
  if (end.how === "own-fault" || end.way !== way)
    return close(facts, `a run of ${event.issue} ended with a different result`);
  return trip(facts, {
    way,
    times: times + 1,
    concurrency,
    reason: `the probe run failed with the same error: ${event.reason}`,
  });
}

/** Plan while the probe is running. A run may take hours, so the queue does not wait for its end after the model has responded. */
function whileProbeRuns(facts: BreakerFacts, state: Tripped): BreakerPlan {
  const older = stillActiveOlder(state, facts.active);
  const continues: BreakerPlan =
    older.length === state.older.length ? NOTHING : { do: "probe", state: { ...state, older } };
  if (state.way !== OUTAGE) return continues;
  const begun = facts.events.find(
    (event) =>
      meaningOf(event).of === "start" &&
      compareIds(event.id, facts.state.after) > 0 &&
      facts.answered.includes(String(event.evidence["run"])),
  );
  return begun === undefined ? continues : close(facts, `the model responds to a run of ${begun.issue}`);
}

function trip(
  facts: BreakerFacts,
  { reason, ...tripped }: Pick<Tripped, "way" | "times" | "concurrency"> & { reason: string },
): BreakerPlan {
  const ladder = tripped.way === OUTAGE ? POLICY.model.minutes : HOLD_MINUTES;
  const minutes = ladder[tripped.times - 1] ?? ladder.at(-1) ?? 0;
  const until = facts.now + minutes * 60_000 * facts.factor;
  return { do: "trip", state: { ...tripped, phase: "open", after: newest(facts), older: [] }, reason, until };
}

function close(facts: BreakerFacts, reason: string): BreakerPlan {
  return { do: "close", state: { phase: "closed", after: newest(facts) }, reason };
}

function newest({ events, state }: BreakerFacts): string {
  return events.at(-1)?.id ?? state.after;
}

/** How a run ended. `own-fault`: the issue itself caused the failure. */
type RunEnd =
  { readonly how: "succeeded" } | { readonly how: "failed"; readonly way: string } | { readonly how: "own-fault" };

interface EndedRun {
  readonly event: LoggedEvent;
  readonly end: RunEnd;
}

function endsAfter({ events, state }: BreakerFacts): EndedRun[] {
  return events.flatMap((event) => {
    const end = compareIds(event.id, state.after) > 0 ? endOf(event) : null;
    return end === null ? [] : [{ event, end }];
  });
}

/**
 * Return how a run ended; null: the event is not the end of a run, or the breaker ignores it: a user's stop, an outage of GitHub, a
 * failure with its own hold, a lost run, a problem with the disk that the agent did not cause (`disk`, but not `disk-full`), a refused
 * label, or an edit that stopped the work.
 */
function endOf(event: LoggedEvent): RunEnd | null {
  const meaning = meaningOf(event);
  if (meaning.of !== "end" && meaning.of !== "attempt") return null;
  if (meaning.of === "end" && (endedWell(meaning.outcome) || meaning.outcome === "blocked"))
    return { how: "succeeded" };
  const { failure: kind } = meaning;
  switch (kind) {
    case "startup":
    case "agent":
    case "git":
      return { how: "failed", way: `${kind}: ${normalizeMessage(event.reason)}` };
    case "timeout":
    case "stalled":
    case "out-of-memory":
    case "process-limit":
    case "disk-full":
      return { how: "failed", way: kind }; // The rest of the message is the agent's last words.
    case "model":
      return { how: "failed", way: OUTAGE };
    case "no-changes":
    case "unfinished":
      return { how: "own-fault" };
    case "refused":
      return meaning.of === "attempt" && meaning.next === "wait" ? null : { how: "own-fault" }; // A failure of the whole repository has its own hold.
    case "usage-limit":
    case "auth":
    case "github":
    case "disk":
    case "budget":
    case "lost":
    case "untrusted":
    case "edited":
    case null:
      return null;
    default:
      return kind satisfies never;
  }
}

/**
 * Return a message without the parts that differ between runs: addresses, paths, ids, numbers, times and sizes. Every word with a
 * digit counts as such a part, and so does the value of every field whose name ends in `id`.
 */
export function normalizeMessage(message: string): string {
  return VARYING.reduce((text, [what, instead]) => text.replaceAll(what, instead), message.toLowerCase())
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 200);
}

const VARYING: readonly (readonly [RegExp, string])[] = [
  // The note that the runner adds if the work is not saved to its branch; then half a word at the end of a truncated message.
  [/ \(the work so far is only in its workspace\)$/g, ""],
  [/\S*…$/g, ""],
  [/\\"/g, '"'],
  [/("[\w.-]*ids?")\s*:\s*(?:"[^"]*"|[^\s,}\]]+)/g, "$1:#"],
  [/\b((?:[a-z]+[ _-])?(?:ids?|uuid|trace))\b\s*[:=]\s*[^\s,;)}\]]+/g, "$1 #"],
  [/\b(?:req|msg|toolu|srvtoolu)_\w+/g, "#"],
  [/\S*\/\S*/g, "#"],
  [/\b[0-9a-f]{7,}\b/g, "#"],
  [/[\w-]*\d[\w-]*/g, "#"],
  // Times, lists and versions, then their units.
  [/#+(?:[.,:+-]+#+)*/g, "#"],
  [/# ?(?:ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?|[kmgt]i?b|bytes?|[ap]m|utc)\b/g, "#"],
  // `1 h 30 min` and `1 h` are alike.
  [/#(?: #)+/g, "#"],
];

/** Compare two ids of a stream, `<ms>-<number>`. */
export function compareIds(a: string, b: string): number {
  const [aMs = 0, aNumber = 0] = a.split("-").map(Number);
  const [bMs = 0, bNumber = 0] = b.split("-").map(Number);
  return aMs - bMs || aNumber - bNumber;
}
