import { formatOfReason } from "./format.ts";

/** Prefix of an issue's labels that name a required label of a runner. */
const PREFIX = "runs-on:";
const LABEL = /^[a-z0-9][a-z0-9._-]{0,49}$/;
const MAX_LABELS = 10;

/** Return the labels that a runner must have for an issue with these labels; in lower case, sorted. Invalid names are ignored. Pure. */
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

/** Limits on the number of concurrent runs of all runners; 0 or missing: no limit. */
export interface Limits {
  readonly per_repository: Readonly<Record<string, number>>;
  readonly per_label: Readonly<Record<string, number>>;
}

/** A counter of concurrent runs, with its limit. `name` is also the reason of a job that is deferred because of it. */
export interface Counter {
  readonly name: string;
  readonly most: number;
}

/** Return the counters for a run of a repository with these labels. `repository`: `owner/repo`. Pure. */
export function countersOf(
  { repository, runsOn }: { readonly repository: string; readonly runsOn: readonly string[] },
  { per_repository, per_label }: Limits,
): Counter[] {
  const lower = repository.toLowerCase();
  const most = Object.entries(per_repository).find(([name]) => name.toLowerCase() === lower)?.[1] ?? 0;
  const labels = runsOn.map((label) => ({ name: `limit:label:${label}`, most: per_label[label] ?? 0 }));
  return [{ name: `limit:repository:${lower}`, most }, ...labels].filter((counter) => counter.most > 0);
}

/** Return the reason to defer a job for which this runner lacks a label; null: it has them all. Pure. */
export function missingLabels(runsOn: readonly string[], labels: readonly string[]): string | null {
  return runsOn.every((label) => labels.includes(label)) ? null : `runs-on:${runsOn.join(",")}`;
}

/**
 * Return whether this value of the record's `job.hold` is the reason of a deferred job: it was at the head of the queue, but a runner's
 * labels, a limit or a runner's version prevented its start. Such a job is first in its priority when a permit may be free. Pure.
 */
export function isDeferral(hold: string | null): boolean {
  return hold !== null && /^(?:runs-on|limit|format):/.test(hold);
}

/** Return whether a runner may process a job that was deferred for this reason. Limits are checked elsewhere. Pure. */
export function canProcess(reason: string, runner: Pick<RunnerCapacity, "labels" | "format">): boolean {
  const format = formatOfReason(reason);
  if (format !== null) return runner.format >= format;
  return labelsOfReason(reason)?.every((label) => runner.labels.includes(label)) ?? true;
}

/** Return whether a job was deferred because no runner fits, and not because a limit is reached. Pure. */
export function needsRunner(reason: string): boolean {
  return labelsOfReason(reason) !== null || formatOfReason(reason) !== null;
}

/** Return the labels in a reason; null: it is not about labels. Pure. */
export function labelsOfReason(reason: string): string[] | null {
  return reason.startsWith("runs-on:") ? reason.slice("runs-on:".length).split(",") : null;
}

export interface RunnerCapacity {
  readonly labels: readonly string[];
  /** Newest record format that it supports. */
  readonly format: number;
  readonly slots: number;
  readonly busy: number;
}

/**
 * Return how many jobs that were deferred because no runner fits are to be offered again. Pure. While other jobs wait, a runner with a
 * free slot receives the head of the queue immediately, so one deferred job per matching slot must already be there. While no other
 * job waits, only free slots count: runners that must not process further jobs would only defer these again.
 */
export function offersFor(
  reason: string,
  { runners, othersWait }: { readonly runners: readonly RunnerCapacity[]; readonly othersWait: boolean },
): number {
  const fit = runners.filter((runner) => canProcess(reason, runner));
  return fit.reduce((sum, { slots, busy }) => sum + Math.max(0, othersWait ? slots : slots - busy), 0);
}

/** Return the reason as a clause for display. Pure. */
export function deferralWords(reason: string): string {
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
