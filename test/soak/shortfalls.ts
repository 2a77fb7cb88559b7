import type { LandedFault } from "./inject.ts";
import { STEPS, type FaultKind, type Schedule, type Step } from "./schedule.ts";

export function countOf(landed: readonly LandedFault[], step: Step): number {
  return landed.filter((fault) => fault.step === step).length;
}

/** Return a line for each kind of fault, and each step, in which too few faults landed. Pure. */
export function shortfalls(landed: readonly LandedFault[], { wanted }: Pick<Schedule, "wanted">): string[] {
  const { total, perStep } = wanted;
  const few = (what: string, count: number, least: number) =>
    count < least ? [`${what}: ${count}, not ${least}`] : [];
  return [
    ...few("faults that landed", landed.length, total),
    ...STEPS.flatMap((step) => few(`faults that landed in ${step}`, countOf(landed, step), perStep)),
    ...missingKinds(landed, wanted).map((kind) => `no ${kind} landed`),
  ];
}

export function missingKinds(landed: readonly LandedFault[], { kinds }: Schedule["wanted"]): FaultKind[] {
  return kinds.filter((kind) => !landed.some((fault) => fault.kind === kind));
}
