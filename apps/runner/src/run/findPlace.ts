import { DelayedError } from "bullmq";
import type { RepositoryConfig } from "@tac8/core/config/resolve";
import { countersOf, missingLabels, placementWords, sortedLabels } from "@tac8/core/domain/placement";
import { begunPriority } from "@tac8/core/domain/priority";
import { workerTimes } from "@tac8/core/queue/contract";
import type { IssueFields } from "@tac8/core/state/issueState";
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
  readonly issue: Pick<IssueFields, "runsOn">;
}

/**
 * Takes a place for a run: this runner has the labels that the job needs, and no limit is reached. Otherwise the job waits
 * without a slot and without an attempt, and goes first in its priority when there may be a place for it.
 * @throws DelayedError when there is none
 */
export async function findPlace({ services, job, token, repository, issue }: FindPlaceOptions): Promise<Place> {
  const { config, redis, store, log, now } = services;
  const jobId = job.id ?? "";
  const runsOn = sortedLabels([...repository.runsOn, ...(issue.runsOn ?? [])]);
  let reason = missingLabels(runsOn, config.runner.labels);
  if (reason === null) {
    const counters = countersOf({ repository: `${repository.owner}/${repository.repo}`, runsOn }, config.limits);
    const lifeMs = workerTimes(config.coordinator.lock_seconds).lockDuration ?? 0;
    const found = await takePlace(redis, { counters, member: `${jobId} ${token}`, lifeMs });
    if ("place" in found) return found.place;
    reason = found.full.name;
  }
  log.debug({ issue: jobId, reason }, `not taken: ${placementWords(reason)}`);
  await store.writeIf(jobId, {}, { hold: reason });
  const priority = begunPriority(job.opts.priority ?? 0);
  if (job.opts.priority !== priority) await job.changePriority({ priority });
  await job.moveToDelayed(now() + AT_LATEST_MS, token);
  // Only now: what is offered again must be waiting.
  await waitForPlace(redis, { reason, jobId, priority, since: job.timestamp });
  throw new DelayedError();
}
