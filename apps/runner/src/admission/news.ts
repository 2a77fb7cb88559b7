import { closingCauses, slotsFor, type Admission } from "@tac8/core/domain/admission";
import { isHostCause } from "@tac8/core/domain/host";

export interface NewsLine {
  readonly level: "info" | "warn";
  readonly text: string;
}

/**
 * Return what to log about a change of this runner's admission. If only numbers in its causes changed, log nothing.
 * Pure.
 */
export function newsOf(before: Admission, after: Admission, slots: number): NewsLine[] {
  if (signature(before) === signature(after)) return [];
  const lines: NewsLine[] = [];
  const isSlow = (admission: Admission) => admission.state === "half" && slotsFor(admission, slots) < slots;
  const info = (text: string) => lines.push({ level: "info", text });
  if (isPaused(before) && !isPaused(after)) info("runner resumed");
  if (isUnfit(before) && !isUnfit(after)) info("host recovered: accepting new jobs again");
  if (after.state === "open" && isSlow(before)) info("all slots accept jobs again");
  if (after.state === "closed") {
    const what = isUnfit(after) ? "host overloaded" : "runner paused";
    lines.push({ level: "warn", text: `${what}: not accepting new jobs: ${closingCauses(after)}` });
  } else if (isSlow(after) && before.state !== "half") {
    const text = `using only ${slotsFor(after, slots)} of ${slots} slots: ${closingCauses(after)}`;
    lines.push({ level: "warn", text });
  }
  return lines;
}

function signature({ state, causes }: Admission): string {
  const deciding = causes.filter(({ effect }) => effect === state);
  return [state, ...(state === "closed" ? deciding.map(({ code }) => code) : [])].join(" ");
}

function isPaused({ causes }: Admission): boolean {
  return causes.some(({ code }) => code === "paused");
}

/** Return whether the host accepts no new jobs. */
function isUnfit({ causes }: Admission): boolean {
  return causes.some((cause) => cause.effect === "closed" && isHostCause(cause));
}
