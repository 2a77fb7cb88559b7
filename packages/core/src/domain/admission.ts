import { z } from "zod";
import { admissionCauseSchema, type AdmissionCause } from "./admissionCause.ts";
import { isAtLeast, type Reason } from "./healthLevels.ts";
import { isRepositoryHold, OPERATOR, type Hold } from "./holds.ts";
import { hostCauses, type HostReading } from "./host.ts";
import type { Pause } from "./pause.ts";
import type { HostLimits } from "./thresholds.ts";

/**
 * Admission: whether new work may start. The scheduler plans it for the whole queue, and pauses the queue in BullMQ. Each runner plans it
 * for itself, and pauses its own worker. New work starts if both allow it. Running work continues in every state.
 *
 *   open     every slot
 *   half     a runner: half of its slots; the queue: as its cause requires, such as one probe of the breaker
 *   closed   no new work
 *
 * The worst cause decides. placement.ts decides which job is next, and whether it needs another runner or a permit within a limit.
 */
const STATES = ["open", "half", "closed"] as const;
export type AdmissionState = (typeof STATES)[number];

/** The admission as a runner announces it. */
export const admissionSchema = z.object({
  state: z.enum(STATES),
  /** Every cause, the worst first. */
  causes: z.array(admissionCauseSchema).readonly(),
});
export type Admission = z.infer<typeof admissionSchema>;

export const OPEN: Admission = { state: "open", causes: [] };

/** A snapshot of the facts that decide. */
export interface AdmissionFacts {
  /** Facts about the whole queue; null: the plan is for a runner. */
  readonly queue: {
    /** Holds that have not ended. */
    readonly holds: readonly Hold[];
    /** Whether the breaker is probing. */
    readonly probing: boolean;
  } | null;
  /** Facts about one runner; null: the plan is for the queue. */
  readonly runner: {
    /** Name of its machine, as in the reasons. */
    readonly host: string;
    /** Its pause by an operator; null: none. */
    readonly pause: Pause | null;
    readonly reading: HostReading;
    readonly limits: HostLimits;
    /** The previous plan. */
    readonly before: Admission;
  } | null;
  /** Recent findings of the scheduler. A finding that stops the queue is a hold, and not in this list. */
  readonly reasons: readonly Reason[];
}

/** Plan the admission of the queue or of a runner. Pure. */
export function planAdmission({ queue, runner, reasons }: AdmissionFacts): Admission {
  const causes: AdmissionCause[] = [];
  for (const hold of queue?.holds ?? []) {
    // A hold of a repository affects only jobs of that repository.
    if (isRepositoryHold(hold.name)) continue;
    causes.push({ code: `hold:${hold.name}`, effect: "closed", text: holdText(hold) });
  }
  if (queue?.probing === true)
    causes.push({ code: "breaker", effect: "half", text: "the breaker is running one probe job" });
  if (runner !== null) {
    const { reading, limits, before, pause } = runner;
    causes.push(...hostCauses({ reading, limits, before: before.causes }));
    if (pause !== null) causes.push(pauseCause(pause));
  }
  for (const { level, code, text, action, host } of reasons) {
    const concerns = host === null || (host === runner?.host && !isMeasuredHere(code));
    if (concerns && action === "slow" && isAtLeast(level, "degraded")) causes.push({ code, effect: "half", text });
  }
  return admissionOf(causes);
}

/** Return the admission that results from these causes. Pure. */
export function admissionOf(causes: readonly AdmissionCause[]): Admission {
  const closing = causes.filter(({ effect }) => effect === "closed");
  const rest = causes.filter(({ effect }) => effect !== "closed");
  const state = closing.length > 0 ? "closed" : rest.length > 0 ? "half" : "open";
  return { state, causes: [...closing, ...rest] };
}

export function pauseCause({ by, reason }: Pause): AdmissionCause {
  return { code: "paused", effect: "closed", text: `paused by ${by}${reason === "" ? "" : `: ${reason}`}` };
}

/** Return the number of jobs that a runner may run at the same time. Pure. */
export function slotsFor({ state }: Admission, slots: number): number {
  if (state === "closed") return 0;
  return state === "half" ? Math.max(1, Math.floor(slots / 2)) : slots;
}

/** Return the number of slots that a runner would use without its closing causes: all, or half of them. Pure. */
export function slotsWhenOpen({ state, causes }: Admission, slots: number): number {
  const slowed = state === "half" || causes.some(({ effect }) => effect === "half");
  return slotsFor({ state: slowed ? "half" : "open", causes }, slots);
}

/** Return the reasons why the admission is not open, as text for users; empty: it is open. Pure. */
export function closingCauses({ state, causes }: Admission): string {
  return causes
    .filter(({ effect }) => effect === state)
    .map(({ text }) => text)
    .join(", ");
}

/** Return the admission as text: `open`, `half open: …` or `closed: …`. Every output uses it. Pure. */
export function admissionText(admission: Admission): string {
  if (admission.state === "open") return "open";
  return `${admission.state === "half" ? "half open" : "closed"}: ${closingCauses(admission)}`;
}

function holdText({ name, by, reason }: Hold): string {
  const source = name === OPERATOR ? `paused by ${by}` : `hold ${name}`;
  return reason === "" ? source : `${source}: ${reason}`;
}

/** Return whether a reason is about the machine. The scheduler finds these for runners of older versions; others measure themselves. */
function isMeasuredHere(code: string): boolean {
  return /^(?:disk|memory|temperature):/.test(code);
}
