import type { RepositoryConfig } from "@tac8/core/config/resolve";
import { newerRecord, RECORD_FORMAT } from "@tac8/core/domain/format";
import { countersOf, missingLabels, deferralWords, sortedLabels } from "@tac8/core/domain/placement";
import { workerTimes } from "@tac8/core/queue/contract";
import type { RecordPart } from "@tac8/core/state/issueState";
import type { IssueJob, RunnerServices } from "./services.ts";
import { readLimits } from "@tac8/core/state/limits";
import { type Permit, takePermit } from "@tac8/core/state/permits";
import type { Requeue } from "./disposition.ts";

/** Longest delay of a deferred job. Usually the scheduler offers it again earlier. */
const AT_LATEST_MS = 10 * 60_000;

export interface RequestPermitOptions {
  readonly services: Pick<RunnerServices, "config" | "redis" | "log" | "now">;
  readonly job: IssueJob;
  /** Token of the job's lock. */
  readonly lockToken: string;
  readonly repository: RepositoryConfig;
  readonly record: RecordPart<"job.runsOn" | "format">;
  /** A run that needs an agent counts in the limits, and needs the runner labels. */
  readonly needsAgent: boolean;
}

/**
 * Take a permit for a run, if this runner has the labels that the job needs and no limit is reached. Otherwise the job is deferred:
 * it waits without a slot and without using an attempt, and goes first in its priority when there may be a permit for it.
 */
export async function requestPermit(options: RequestPermitOptions): Promise<{ readonly permit: Permit } | Requeue> {
  const { services, job, record } = options;
  const { log, now } = services;
  const jobId = job.id ?? "";
  const newer = newerRecord(record.format);
  if (newer !== null) {
    const formats = `format ${record.format}, and this runner knows ${RECORD_FORMAT}`;
    log.warn(
      { issue: jobId },
      `deferred, because a newer version of tac8 has worked on it (${formats}): upgrade this runner`,
    );
  }
  const permitOrReason = newer === null ? await permitOf(options) : newer;
  if (typeof permitOrReason !== "string") return { permit: permitOrReason };
  const because = deferralWords(permitOrReason);
  log.debug({ issue: jobId, reason: permitOrReason }, `the job is deferred: ${because}`);
  const lastWrite = { patch: { "job.hold": permitOrReason } };
  return {
    do: "requeue",
    until: now() + AT_LATEST_MS,
    because,
    lastWrite,
    beforeNewWork: true,
    deferredBecause: permitOrReason,
  };
}

/** Take a permit. @returns the permit, or the reason why there is none */
async function permitOf({
  services,
  job,
  lockToken,
  repository,
  record,
  needsAgent,
}: RequestPermitOptions): Promise<Permit | string> {
  const { config, redis } = services;
  const lifeMs = workerTimes(config.coordinator.lock_seconds).lockDuration ?? 0;
  const runsOn = needsAgent ? sortedLabels([...repository.runsOn, ...(record.job.runsOn ?? [])]) : [];
  const missing = missingLabels(runsOn, config.runner.labels);
  if (missing !== null) return missing;
  const name = `${repository.owner}/${repository.repo}`;
  const counters = needsAgent ? countersOf({ repository: name, runsOn }, await readLimits(redis, config.limits)) : [];
  const permitOrCounter = await takePermit(redis, { counters, member: `${job.id ?? ""} ${lockToken}`, lifeMs });
  return "permit" in permitOrCounter ? permitOrCounter.permit : permitOrCounter.full.name;
}
