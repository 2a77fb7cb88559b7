import { createHash } from "node:crypto";
import { BEHAVIOURS, behaviourOf, type BehaviourName } from "./behaviours.ts";
import { createRandom, type Random } from "./random.ts";

export const STEPS = ["prepare", "work", "publish", "report"] as const;
export type Step = (typeof STEPS)[number];

/**
 * Number of faults in a deck, by kind. `redis:offline` lasts longer than a lock. The last six are actions of users on GitHub:
 * `branch:conflict` and every other `base:push` change the same file as the agent.
 */
const DECK = {
  "runner:kill": 20,
  "runner:term": 10,
  "scheduler:kill": 3,
  "redis:restart": 3,
  "redis:kill": 3,
  "redis:offline": 1,
  "github:5xx": 3,
  "github:limit": 3,
  "github:secondary": 3,
  "github:delay": 2,
  "github:before": 3,
  "github:after": 3,
  "github:cut": 3,
  "git:5xx": 2,
  "git:delay": 1,
  "git:before": 2,
  "git:after": 2,
  "git:cut": 2,
  "token:expired": 4,
  "branch:push": 5,
  "branch:conflict": 2,
  "base:push": 3,
  "pull:close": 3,
  "pull:merge": 3,
} as const;
export type FaultKind = keyof typeof DECK;
export const FAULT_KINDS = Object.keys(DECK) as FaultKind[];

export interface PlannedIssue {
  readonly index: number;
  readonly behaviour: BehaviourName;
  readonly priority: "P0" | "P1" | null;
}

export interface PlannedFault {
  readonly kind: FaultKind;
  /** Step that the fault waits for; if no run reaches it in time, any step is accepted. */
  readonly step: Step;
  /** Pause before the fault. */
  readonly pauseMs: number;
  /** How long the process that it ended stays offline, or how often a request fails. */
  readonly extent: number;
}

/** Minimum numbers of landed faults for a valid soak. */
interface Wanted {
  readonly total: number;
  readonly perStep: number;
  /** Kinds that must land at least once. */
  readonly kinds: readonly FaultKind[];
}

export interface Schedule {
  readonly seed: number;
  readonly issues: readonly PlannedIssue[];
  /** Extra issues, used if all others end before enough faults have landed. */
  readonly encores: readonly PlannedIssue[];
  /** Planned faults; more than will land. */
  readonly faults: readonly PlannedFault[];
  readonly wanted: Wanted;
  readonly hash: string;
}

/** Extra issues for each planned one, at most: a fast machine finishes issues sooner than faults hit them. */
const ENCORES = 5;
/** Number of issues from which a soak counts as long. */
const LONG = 100;

/** Return the required numbers of faults: the full numbers from 200 issues on, fewer in proportion. */
function wantedFor(issues: number): Wanted {
  return {
    total: Math.max(20, Math.min(100, Math.ceil(issues / 2))),
    perStep: Math.max(2, Math.min(10, Math.floor(issues / 20))),
    // A short soak tries most kinds, and requires only the essential ones.
    kinds: issues < LONG ? ["runner:kill", "runner:term", "scheduler:kill", "redis:kill", "branch:push"] : FAULT_KINDS,
  };
}

/** Return the schedule of a soak: the same seed and number of issues give the same schedule. Pure. */
export function buildSchedule({ seed, issues }: { seed: number; issues: number }): Schedule {
  const random = createRandom(seed);
  const wanted = wantedFor(issues);
  const planned = planIssues(random, issues);
  const encores = Array.from({ length: issues * ENCORES }, (_, more): PlannedIssue => {
    return { index: issues + more, behaviour: random.pick(["normal", "slow"]), priority: null };
  });
  const faults = planFaults(random, wanted.total * 4, issues < LONG);
  const scripts = planned.map(({ index, behaviour }) => behaviourOf(behaviour).script({ index, dir: "" }));
  const hash = createHash("sha256")
    .update(JSON.stringify({ planned, encores, scripts, faults }))
    .digest("hex")
    .slice(0, 16);
  return { seed, issues: planned, encores, faults, wanted, hash };
}

function planIssues(random: Random, count: number): PlannedIssue[] {
  const names = Object.keys(BEHAVIOURS) as BehaviourName[];
  const shares = names.flatMap((name) => Array.from({ length: BEHAVIOURS[name].share }, () => name));
  const more = Array.from({ length: Math.max(0, count - names.length) }, () => random.pick(shares));
  const order = random.shuffle([...names, ...more]).slice(0, count);
  return order.map((behaviour, index) => ({ index, behaviour, priority: random.pick(["P0", "P1", null, null, null]) }));
}

function planFaults(random: Random, count: number, brief: boolean): PlannedFault[] {
  const kinds = FAULT_KINDS.filter((kind) => !brief || kind !== "redis:offline");
  const deck = kinds.flatMap((kind) => Array.from({ length: DECK[kind] }, () => kind));
  // One fault of each kind comes first, so that a short soak has all kinds.
  let next: readonly FaultKind[] = kinds;
  const faults: PlannedFault[] = [];
  const steps: Step[] = [];
  while (faults.length < count) {
    for (const kind of random.shuffle(next)) {
      if (steps.length === 0) steps.push(...random.shuffle(STEPS));
      const step = steps.pop() ?? "work";
      faults.push({ kind, step, pauseMs: random.between(200, 1500), extent: random.between(1, 4) });
    }
    next = deck;
  }
  return faults.slice(0, count);
}
