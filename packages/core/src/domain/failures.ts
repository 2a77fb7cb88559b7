import type { QueueHold } from "./holds.ts";

/** Failure kinds: the name of every way in which a run can fail. To add one: "Recipes" in CONTRIBUTING.md. */
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
  /** One line for display: what happened, and to what; redacted. */
  readonly message: string;
  /** Epoch ms of the earliest next attempt (the reset of a usage limit, GitHub's retry-after). */
  readonly until?: number | null;
  /** The whole repository refused tac8 (401, 403, 404, a rule of the repository), so its other issues would fail too. */
  readonly wholeRepository?: boolean;
  /** The message of the refusal is unknown, so `wholeRepository` is a guess. */
  readonly guessed?: boolean;
  /** GitHub refused the content of the commits. An agent that gets the reason can change them. */
  readonly ofCommits?: boolean;
  /** The token lacks the permission to push changes of workflows. */
  readonly lacksWorkflows?: boolean;
}

export type Next =
  /** Uses an attempt. BullMQ runs the job again after the delay. */
  | { readonly do: "retry"; readonly delayMs: number }
  /** Uses no attempt. The job waits without a slot. */
  | { readonly do: "park"; readonly delayMs: number; readonly hold: HoldRequest | null }
  | { readonly do: "fail" };

export interface HoldRequest {
  readonly name: HoldName;
  readonly until: number | null;
}

/** `repository` holds the issue's own repository, the others the whole queue. */
type HoldName = QueueHold | "repository";

interface Policy {
  readonly usesAttempt: boolean;
  /** Delays by the number of earlier tries of this issue. The last one repeats. */
  readonly minutes: readonly number[];
  /** The hold that begins while the job waits, for a kind that uses no attempt. */
  readonly hold?: HoldName;
  /** Whether the next agent reads the failure in its prompt. Otherwise it reads that the previous run was interrupted. */
  readonly inPrompt: boolean;
}

/**
 * The policy of each kind. `docs/failures.md` is generated from this table. `afterFailure` has the exceptions: a `refused` failure that does
 * not affect the whole repository fails or uses an attempt, `no-changes` fails after `MAX_NO_CHANGES`, and `untrusted` and `edited` fail
 * immediately, so their delays are not used. So does `lost`, which is recorded only after too many lost runs: until then, the next run
 * starts without a failure (`brokenOff.ts`).
 */
export const POLICY: Readonly<Record<FailureKind, Policy>> = {
  startup: { usesAttempt: true, minutes: [5, 10, 20], inPrompt: false },
  agent: { usesAttempt: true, minutes: [1, 2, 4], inPrompt: true },
  timeout: { usesAttempt: true, minutes: [1, 2, 4], inPrompt: true },
  stalled: { usesAttempt: true, minutes: [1, 2, 4], inPrompt: true },
  "out-of-memory": { usesAttempt: true, minutes: [1, 2, 4], inPrompt: true },
  "process-limit": { usesAttempt: true, minutes: [1, 2, 4], inPrompt: true },
  // The agent's own files fill the disk, and it would fill it again. `disk`: the disk is full for tac8 itself or because of another
  // program, or the data folder is missing, unreadable or read-only.
  "disk-full": { usesAttempt: true, minutes: [1, 2, 4], inPrompt: true },
  git: { usesAttempt: true, minutes: [1], inPrompt: false },
  "no-changes": { usesAttempt: true, minutes: [0], inPrompt: true },
  // The session of the agent resumes, so no delay is needed.
  unfinished: { usesAttempt: true, minutes: [0], inPrompt: true },
  "usage-limit": { usesAttempt: false, minutes: [5, 15, 30, 60], hold: "usage-limit", inPrompt: false },
  auth: { usesAttempt: false, minutes: [15], hold: "auth", inPrompt: false },
  model: { usesAttempt: false, minutes: [1, 2, 5, 10, 15], hold: "model", inPrompt: false },
  github: { usesAttempt: false, minutes: [1, 2, 5, 10], inPrompt: false },
  refused: { usesAttempt: false, minutes: [15], hold: "repository", inPrompt: true },
  disk: { usesAttempt: false, minutes: [2, 5, 10, 15], inPrompt: true },
  budget: { usesAttempt: false, minutes: [60], hold: "budget", inPrompt: false },
  lost: { usesAttempt: false, minutes: [0], inPrompt: false },
  untrusted: { usesAttempt: false, minutes: [0], inPrompt: false },
  edited: { usesAttempt: false, minutes: [0], inPrompt: false },
};

/** After this many ends without a change, the issue fails, because another try would only cost money. */
export const MAX_NO_CHANGES = 2;
/** How many times a refused push with an unknown message sets the repository's hold for one issue, while no other issue's push is refused. */
export const MAX_GUESSED_REFUSALS = 3;
/**
 * The longest wait until a time that the provider or GitHub announced (`until`): tac8 asks again after this one. The delays in `POLICY` have
 * no upper limit.
 */
export const LONGEST_ANNOUNCED_WAIT_MS = 6 * 3_600_000;

export interface AttemptCounts {
  /** Attempts used before this one. */
  readonly made: number;
  readonly max: number;
  /** How many times in a row this issue was parked, which determines the delay of kinds that use no attempt. */
  readonly parked: number;
  /** Earlier ends with the kind `no-changes`. */
  readonly noChanges: number;
}

/** Return what follows a failure. `factor` multiplies the delays (configuration `backoff_factor`). `now`: epoch ms. Pure. */
export function afterFailure(failure: Failure, counts: AttemptCounts, factor: number, now: number): Next {
  const policy = POLICY[failure.kind];
  if (policy.usesAttempt) {
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

/** If the same failure recurs and names a time nearer than this, tac8's own delay applies instead. */
const NEAR_MS = 60_000;

interface ParkFacts {
  readonly parked: number;
  readonly factor: number;
  /** Epoch ms. */
  readonly now: number;
}

/** Return the delay of a parked job. A time in the past is ignored. A time that is repeatedly very near is not trusted. */
function parkFor({ kind, until = null }: Failure, { parked, factor, now }: ParkFacts): number {
  const own = (tries: number): number => minutes(POLICY[kind], tries) * factor;
  if (until === null || until <= now) return own(parked);
  const ahead = until - now;
  const least = ahead < NEAR_MS && parked > 0 ? own(parked - 1) : 0;
  // The time of `budget` is tac8's own midnight, so it has no upper limit.
  return Math.min(Math.max(ahead, least), kind === "budget" ? Infinity : LONGEST_ANNOUNCED_WAIT_MS);
}

function minutes(policy: Policy, index: number): number {
  return (policy.minutes[index] ?? policy.minutes.at(-1) ?? 0) * 60_000;
}

/**
 * A failure whose kind is known where it is thrown. The runner's `failureOf` returns the kind of every other thrown value: an unexpected
 * one counts as `git`.
 */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}
