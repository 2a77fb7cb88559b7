import { formatOfReason } from "./format.ts";

/** An issue's label that names a label of the runners that may work on it. */
const PREFIX = "runs-on:";
const LABEL = /^[a-z0-9][a-z0-9._-]{0,49}$/;
const MAX_LABELS = 10;

/** Pure: the labels that a runner must have, by the labels of an issue; lower-case, sorted. Invalid names are ignored. */
export function runsOnOf(labels: readonly string[]): string[] {
  const named = labels.map((label) => label.toLowerCase()).filter((label) => label.startsWith(PREFIX));
  return sortedLabels(named.map((label) => label.slice(PREFIX.length).trim()));
}

export function sortedLabels(labels: readonly string[]): string[] {
  return [...new Set(labels.filter((label) => LABEL.test(label)))].toSorted().slice(0, MAX_LABELS);
}

export function isRunnerLabel(label: string): boolean {
  return LABEL.test(label);
}

/** Limits of how many runs there may be at once over all runners; 0 or missing: none. */
export interface Limits {
  readonly per_repository: Readonly<Record<string, number>>;
  readonly per_label: Readonly<Record<string, number>>;
}

/** What is counted, and how many of it there may be. `name` is the reason of a job that found no place. */
export interface Counter {
  readonly name: string;
  readonly most: number;
}

/** Pure: the counters that a run of a repository, with these labels, is counted in. `repository`: `owner/repo`. */
export function countersOf(
  { repository, runsOn }: { readonly repository: string; readonly runsOn: readonly string[] },
  { per_repository, per_label }: Limits,
): Counter[] {
  const lower = repository.toLowerCase();
  const most = Object.entries(per_repository).find(([name]) => name.toLowerCase() === lower)?.[1] ?? 0;
  const labels = runsOn.map((label) => ({ name: `limit:label:${label}`, most: per_label[label] ?? 0 }));
  return [{ name: `limit:repository:${lower}`, most }, ...labels].filter((counter) => counter.most > 0);
}

/** Pure: the reason of a job for which this runner lacks a label; null: it has them all. */
export function missingLabels(runsOn: readonly string[], labels: readonly string[]): string | null {
  return runsOn.every((label) => labels.includes(label)) ? null : `runs-on:${runsOn.join(",")}`;
}

/**
 * Pure: is this the reason of a job that was at the head of the queue and got no place because of a runner's labels, a limit or a
 * runner's version? The reason is in the record's `job.hold`. Such a job is first in its priority when there may be a place.
 */
export function isPlacement(hold: string | null): boolean {
  return hold !== null && /^(?:runs-on|limit|format):/.test(hold);
}

/** Pure: may a runner process a job that was deferred for this reason? Limits are counted elsewhere. */
export function fits(reason: string, runner: Pick<RunnerPlaces, "labels" | "format">): boolean {
  const format = formatOfReason(reason);
  if (format !== null) return runner.format >= format;
  return labelsOfReason(reason)?.every((label) => runner.labels.includes(label)) ?? true;
}

/** Pure: was the job deferred because no runner fits, and not because a limit is reached? */
export function needsRunner(reason: string): boolean {
  return labelsOfReason(reason) !== null || formatOfReason(reason) !== null;
}

/** Pure: the labels in a reason; null: it is not about labels. */
export function labelsOfReason(reason: string): string[] | null {
  return reason.startsWith("runs-on:") ? reason.slice("runs-on:".length).split(",") : null;
}

export interface RunnerPlaces {
  readonly labels: readonly string[];
  /** The newest version of a record that it knows. */
  readonly format: number;
  readonly slots: number;
  readonly busy: number;
}

/**
 * Pure: how many jobs that were deferred because no runner fits are to be offered again. While other jobs wait, a runner that becomes
 * free receives the head of the queue at once, so one deferred job per slot that fits must be there before. While no other job waits,
 * only free slots count: more jobs would be passed around between runners that must not process them.
 */
export function offersFor(
  reason: string,
  { runners, othersWait }: { readonly runners: readonly RunnerPlaces[]; readonly othersWait: boolean },
): number {
  const fit = runners.filter((runner) => fits(reason, runner));
  return fit.reduce((sum, { slots, busy }) => sum + Math.max(0, othersWait ? slots : slots - busy), 0);
}

/** Pure: in words, for people. */
export function placementWords(reason: string): string {
  const labels = labelsOfReason(reason);
  if (labels !== null)
    return `waiting for a runner with the ${labels.length === 1 ? "label" : "labels"} ${labels.join(", ")}`;
  if (formatOfReason(reason) !== null)
    return "a newer version of tac8 has worked on this issue: waiting for a runner of that version";
  const [, kind, ...name] = reason.split(":");
  return kind === "repository"
    ? `the limit of runs for ${name.join(":")} is reached (limits.per_repository)`
    : `the limit of runs with the label ${name.join(":")} is reached (limits.per_label)`;
}
