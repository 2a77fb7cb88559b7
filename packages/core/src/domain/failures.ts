/** Failure kinds, as the table in the design has them. `lost` and `stopped by its runner` are no agent's fault. */
export const FAILURE_KINDS = [
  "startup",
  "agent",
  "timeout",
  "stalled",
  "out-of-memory",
  "usage-limit",
  "auth",
  "github",
  "refused",
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
  /** The repository itself refused us (401, 403, 404): nothing else of it can work either. */
  readonly wholeRepository?: boolean;
}

export type Next =
  /** An attempt is burnt; BullMQ runs the job again after the delay. */
  | { readonly do: "retry"; readonly delayMs: number }
  /** No attempt is burnt; the job waits without a slot. */
  | { readonly do: "park"; readonly delayMs: number; readonly hold: HoldRequest | null }
  | { readonly do: "fail" };

export interface HoldRequest {
  readonly name: "usage-limit" | "auth" | "repository" | "budget";
  readonly until: number | null;
}

interface Policy {
  readonly burnsAttempt: boolean;
  readonly minutes: readonly number[];
}

/** Waits in minutes, by how many tries of this issue went before; the last one repeats. */
const POLICY: Record<FailureKind, Policy> = {
  startup: { burnsAttempt: true, minutes: [5, 10, 20] },
  agent: { burnsAttempt: true, minutes: [1, 2, 4] },
  timeout: { burnsAttempt: true, minutes: [1, 2, 4] },
  stalled: { burnsAttempt: true, minutes: [1, 2, 4] },
  "out-of-memory": { burnsAttempt: true, minutes: [1, 2, 4] },
  git: { burnsAttempt: true, minutes: [1] },
  "no-changes": { burnsAttempt: true, minutes: [0] },
  // Its session goes on: nothing has to pass first.
  unfinished: { burnsAttempt: true, minutes: [0] },
  "usage-limit": { burnsAttempt: false, minutes: [5, 15, 30, 60] },
  auth: { burnsAttempt: false, minutes: [15] },
  github: { burnsAttempt: false, minutes: [1, 2, 5, 10] },
  refused: { burnsAttempt: false, minutes: [15] },
  disk: { burnsAttempt: false, minutes: [2, 5, 10, 15] },
  budget: { burnsAttempt: false, minutes: [60] },
  lost: { burnsAttempt: false, minutes: [0] },
};

/** Finished without a change twice: a third try would only cost money. */
export const MAX_NO_CHANGES = 2;
/** GitHub may ask for any wait; ours ends here and asks again. */
const LONGEST_PARK_MS = 6 * 3_600_000;

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
  if (failure.kind === "refused" && failure.wholeRepository !== true) return { do: "fail" };
  if (failure.kind === "lost") return { do: "fail" };
  const told = failure.until ?? null;
  // A time that is over says nothing: by a clock that is ahead of theirs we would try again without end.
  const longest = failure.kind === "budget" ? Infinity : LONGEST_PARK_MS; // Midnight is our own word.
  const delayMs =
    told === null || told <= now ? minutes(policy, counts.parked) * factor : Math.min(told - now, longest);
  return { do: "park", delayMs, hold: holdFor(failure, now + delayMs) };
}

function holdFor(failure: Failure, until: number): HoldRequest | null {
  switch (failure.kind) {
    case "usage-limit":
      return { name: "usage-limit", until };
    case "auth":
      return { name: "auth", until };
    case "refused":
      return { name: "repository", until };
    case "budget":
      return { name: "budget", until };
    case "startup":
    case "agent":
    case "timeout":
    case "stalled":
    case "out-of-memory":
    case "git":
    case "no-changes":
    case "unfinished":
    case "github":
    case "disk":
    case "lost":
      return null;
    default:
      return failure.kind satisfies never;
  }
}

function minutes(policy: Policy, index: number): number {
  return (policy.minutes[index] ?? policy.minutes.at(-1) ?? 0) * 60_000;
}

/** A step failed for a named reason; anything else that is thrown is a defect of ours and ends as `git` or `github`. */
export class StepFailure extends Error {
  readonly failure: Failure;
  constructor(failure: Failure, options?: { cause?: unknown }) {
    super(failure.message, options);
    this.name = "StepFailure";
    this.failure = failure;
  }
}
