import { DelayedError } from "bullmq";
import type { RepositoryConfig } from "@tac8/core/config/resolve";
import { newerRecord, RECORD_FORMAT } from "@tac8/core/domain/format";
import { countersOf, missingLabels, placementWords, sortedLabels } from "@tac8/core/domain/placement";
import { begunPriority } from "@tac8/core/domain/priority";
import { workerTimes } from "@tac8/core/queue/contract";
import type { IssueFields } from "@tac8/core/state/issueState";
import { readLimits } from "@tac8/core/state/limits";
import { takePlace, waitForPlace, type Place } from "@tac8/core/state/places";
import type { IssueJob, RunnerServices } from "./context.ts";

/** The scheduler offers the job again; without one it comes back by itself. */
const AT_LATEST_MS = 10 * 60_000;

export interface FindPlaceOptions {
  readonly services: Pick<RunnerServices, "config" | "redis" | "store" | "log" | "now">;
  readonly job: IssueJob;
  /** Of the job's lock. */
  readonly token: string;
  readonly repository: RepositoryConfig;
  readonly issue: Pick<IssueFields, "runsOn" | "format">;
  /** Whether it has to count in the limits, and needs the labels: what needs no agent does not. */
  readonly counts: boolean;
}

/**
 * Takes a place for a run: this runner has the labels that the job needs, and no limit is reached. Otherwise the job waits
 * without a slot and without an attempt, and goes first in its priority when there may be a place for it.
 * @throws DelayedError when there is none
 */
export async function findPlace(options: FindPlaceOptions): Promise<Place> {
  const { services, job, token, issue } = options;
  const { redis, store, log, now } = services;
  const jobId = job.id ?? "";
  const newer = newerRecord(issue.format);
  if (newer !== null) {
    const known = `format ${issue.format}, and this runner knows ${RECORD_FORMAT}`;
    log.warn({ issue: jobId }, `not taken: a newer version of tac8 has worked on it (${known}): upgrade this runner`);
  }
  const found = newer === null ? await placeOf(options) : newer;
  if (typeof found !== "string") return found;
  const reason = found;
  log.debug({ issue: jobId, reason }, `not taken: ${placementWords(reason)}`);
  await store.writeIf(jobId, {}, { hold: reason });
  const priority = begunPriority(job.opts.priority ?? 0);
  if (job.opts.priority !== priority) await job.changePriority({ priority });
  await job.moveToDelayed(now() + AT_LATEST_MS, token);
  // Only now: what is offered again must be waiting.
  await waitForPlace(redis, { reason, jobId, priority, since: job.timestamp });
  throw new DelayedError();
}

/** @returns the place, or the reason why there is none */
async function placeOf({ services, job, token, repository, issue, counts }: FindPlaceOptions): Promise<Place | string> {
  const { config, redis } = services;
  const lifeMs = workerTimes(config.coordinator.lock_seconds).lockDuration ?? 0;
  const runsOn = counts ? sortedLabels([...repository.runsOn, ...(issue.runsOn ?? [])]) : [];
  const missing = missingLabels(runsOn, config.runner.labels);
  if (missing !== null) return missing;
  const name = `${repository.owner}/${repository.repo}`;
  const counters = counts ? countersOf({ repository: name, runsOn }, await readLimits(redis, config.limits)) : [];
  const found = await takePlace(redis, { counters, member: `${job.id ?? ""} ${token}`, lifeMs });
  return "place" in found ? found.place : found.full.name;
}
