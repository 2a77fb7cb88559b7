import type { QueueHold } from "./holds.ts";

/** Failure kinds: how a run's end that is no success is named. To add one: "Recipes" in CONTRIBUTING.md. */
export const FAILURE_KINDS = [
  "startup",
  "agent",
  "timeout",
  "stalled",
  "out-of-memory",
  "process-limit",
  "disk-full",
  "usage-limit",
  "auth",
  "model",
  "github",
  "refused",
  "untrusted",
  "edited",
  "git",
  "disk",
  "no-changes",
  "budget",
  "unfinished",
  "lost",
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

export interface Failure {
  readonly kind: FailureKind;
  /** What happened, to what, in one line for a person; redacted. */
  readonly message: string;
  /** Epoch ms: not before then (a usage limit's reset, GitHub's retry-after). */
  readonly until?: number | null;
  /** The repository itself refused us (401, 403, 404, a rule of its own): nothing else of it can work either. */
  readonly wholeRepository?: boolean;
  /** That it concerns the whole repository is a guess: nobody knows the words of the refusal. */
  readonly guessed?: boolean;
  /** What is in the commits was refused: an agent that is told can make others. */
  readonly ofCommits?: boolean;
  /** The token may not push changes of workflows. */
  readonly lacksWorkflows?: boolean;
}

export type Next =
  /** An attempt is burnt; BullMQ runs the job again after the delay. */
  | { readonly do: "retry"; readonly delayMs: number }
  /** No attempt is burnt; the job waits without a slot. */
  | { readonly do: "park"; readonly delayMs: number; readonly hold: HoldRequest | null }
  | { readonly do: "fail" };

export interface HoldRequest {
  readonly name: HoldName;
  readonly until: number | null;
}

/** `repository` holds the issue's own repository, the others the whole queue. */
type HoldName = QueueHold | "repository";

interface Policy {
  readonly burnsAttempt: boolean;
  /** Waits by how many tries of this issue went before; the last one repeats. */
  readonly minutes: readonly number[];
  /** What is held while one that burns no attempt waits. */
  readonly hold?: HoldName;
}

/** What follows each kind. `docs/failures.md` is made from it. */
export const POLICY: Readonly<Record<FailureKind, Policy>> = {
  startup: { burnsAttempt: true, minutes: [5, 10, 20] },
  agent: { burnsAttempt: true, minutes: [1, 2, 4] },
  timeout: { burnsAttempt: true, minutes: [1, 2, 4] },
  stalled: { burnsAttempt: true, minutes: [1, 2, 4] },
  "out-of-memory": { burnsAttempt: true, minutes: [1, 2, 4] },
  "process-limit": { burnsAttempt: true, minutes: [1, 2, 4] },
  // Of the agent's own files: it would fill the disk again. `disk` is tac8's own git, or another program's files.
  "disk-full": { burnsAttempt: true, minutes: [1, 2, 4] },
  git: { burnsAttempt: true, minutes: [1] },
  "no-changes": { burnsAttempt: true, minutes: [0] },
  // Its session goes on: nothing has to pass first.
  unfinished: { burnsAttempt: true, minutes: [0] },
  "usage-limit": { burnsAttempt: false, minutes: [5, 15, 30, 60], hold: "usage-limit" },
  auth: { burnsAttempt: false, minutes: [15], hold: "auth" },
  model: { burnsAttempt: false, minutes: [1, 2, 5, 10, 15], hold: "model" },
  github: { burnsAttempt: false, minutes: [1, 2, 5, 10] },
  refused: { burnsAttempt: false, minutes: [15], hold: "repository" },
  disk: { burnsAttempt: false, minutes: [2, 5, 10, 15] },
  budget: { burnsAttempt: false, minutes: [60], hold: "budget" },
  lost: { burnsAttempt: false, minutes: [0] },
  untrusted: { burnsAttempt: false, minutes: [0] },
  edited: { burnsAttempt: false, minutes: [0] },
};

/** Finished without a change twice: a third try would only cost money. */
export const MAX_NO_CHANGES = 2;
/** A refused push whose words nobody knows holds its repository so often for one issue, while no other issue's is refused. */
export const MAX_GUESSED_REFUSALS = 3;
/** A limit or GitHub may name any time; ours ends here and asks again. */
export const LONGEST_PARK_MS = 6 * 3_600_000;

export interface AttemptCounts {
  /** Attempts burnt before this one. */
  readonly made: number;
  readonly max: number;
  /** How often this issue was parked in a row, for the growing waits of what burns no attempt. */
  readonly parked: number;
  /** No-changes ends before this one. */
  readonly noChanges: number;
}

/** What follows a failure. Pure: `factor` multiplies the waits (config `backoff_factor`), `now` is epoch ms. */
export function afterFailure(failure: Failure, counts: AttemptCounts, factor: number, now: number): Next {
  const policy = POLICY[failure.kind];
  if (policy.burnsAttempt) {
    if (counts.made + 1 >= counts.max) return { do: "fail" };
    if (failure.kind === "no-changes" && counts.noChanges + 1 >= MAX_NO_CHANGES) return { do: "fail" };
    return { do: "retry", delayMs: minutes(policy, counts.made) * factor };
  }
  if (failure.kind === "refused" && failure.wholeRepository !== true) {
    const again = failure.ofCommits === true && counts.made + 1 < counts.max;
    return again ? { do: "retry", delayMs: minutes(POLICY.agent, counts.made) * factor } : { do: "fail" };
  }
  if (failure.kind === "lost" || failure.kind === "untrusted" || failure.kind === "edited") return { do: "fail" };
  const { hold } = policy;
  const delayMs = parkFor(failure, { parked: counts.parked, factor, now });
  return { do: "park", delayMs, hold: hold === undefined ? null : { name: hold, until: now + delayMs } };
}

/** A reset that is nearer than this has failed its promise when it comes again and again. */
const NEAR_MS = 60_000;

interface ParkFacts {
  readonly parked: number;
  readonly factor: number;
  /** Epoch ms. */
  readonly now: number;
}

/** A time that is over says nothing, by whatever clock; one that is near, and was so before, must not be asked for without end. */
function parkFor({ kind, until = null }: Failure, { parked, factor, now }: ParkFacts): number {
  const own = (tries: number): number => minutes(POLICY[kind], tries) * factor;
  if (until === null || until <= now) return own(parked);
  const ahead = until - now;
  const least = ahead < NEAR_MS && parked > 0 ? own(parked - 1) : 0;
  // Midnight is our own word.
  return Math.min(Math.max(ahead, least), kind === "budget" ? Infinity : LONGEST_PARK_MS);
}

function minutes(policy: Policy, index: number): number {
  return (policy.minutes[index] ?? policy.minutes.at(-1) ?? 0) * 60_000;
}

/** A step failed for a named reason; anything else that is thrown is a defect of ours and ends as `git` or `github`. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}
