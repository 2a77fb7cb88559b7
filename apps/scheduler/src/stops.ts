import type { Config } from "@tac8/core/config/resolve";
import type { Marker } from "@tac8/core/domain/marker";
import { statusLabels } from "@tac8/core/domain/labels";
import { parseJobId, sameRepo, type IssueRef } from "@tac8/core/domain/reference";
import { isEnded } from "@tac8/core/domain/states";
import { statusText } from "@tac8/core/outgoing/texts";
import { findStartEvent } from "@tac8/core/github/startEvent";
import type { GitHub } from "@tac8/core/github/client";
import { isRefusedRequest } from "@tac8/core/github/errors";
import { mayLabel } from "@tac8/core/github/trust";
import { putStatusComment } from "@tac8/core/github/statusComment";
import { removeFinishedStop, endInQueue } from "@tac8/core/queue/stop";
import { applyPatch, type IssueRecord } from "@tac8/core/state/issueState";
import { STOPS_KEY } from "@tac8/core/state/keys";
import { EVENT_SOURCE } from "./eventSource.ts";
import type { SchedulerServices } from "./services.ts";

/** Maximum number of stops in one check, chosen at random. */
const MAX_AT_ONCE = 20;
/** Pause after GitHub did not accept a report. */
const REPORT_RETRY_MS = 30_000;

/**
 * Return a function that checks the requested stops once. For issues without a runner, it completes the stop if necessary and reports
 * it on the issue. A runner reports the stops of its own issues.
 */
export function createStops(services: SchedulerServices): () => Promise<void> {
  const { redis, log, now, signal } = services;
  let retryAt = 0;

  return async function check(): Promise<void> {
    if (now() < retryAt) return;
    for (const jobId of await redis.srandmember(STOPS_KEY, MAX_AT_ONCE)) {
      try {
        if (await finish(services, jobId)) await removeFinishedStop(redis, jobId);
      } catch (err) {
        signal.throwIfAborted();
        retryAt = now() + REPORT_RETRY_MS;
        log.warn({ issue: jobId, err }, "could not report the stop on the issue: retrying");
        return;
      }
    }
  };
}

/** @returns whether nothing is left to do. */
async function finish(services: SchedulerServices, jobId: string): Promise<boolean> {
  const { store, queue, log, now } = services;
  let record = await store.read(jobId);
  if (record.command.stop === null) return true; // Its runner has stopped and reported it, or it was started again.
  if (record.state !== "stopped") {
    const became = await endInQueue({ queue, store, jobId, by: EVENT_SOURCE, now: now() });
    // For example withdrawn at the same moment: there is nothing to stop, and the end was reported.
    if (became === "ended" && isEnded(record.state)) {
      return store.writeIf(
        jobId,
        { "run.id": "", state: record.state ?? "" },
        { "command.stop": null, "command.stopMode": null },
      );
    }
    if (became !== "stopped") return false;
    record = await store.read(jobId);
  }
  const reported = await report(services, jobId, record);
  if (reported) log.info({ issue: jobId }, `stopped while it waited: ${record.end.reason ?? ""}`);
  return reported;
}

/** Report a stop on GitHub as a runner does: mark the label as used, remove it, and update the status comment. Safe to repeat. */
async function report({ config, store, github, login, signal }: SchedulerServices, jobId: string, record: IssueRecord) {
  const expect = { "run.id": "", state: "stopped" };
  const ref = parseJobId(jobId);
  const repository = ref === null ? undefined : config.repositories.find((entry) => sameRepo(entry, ref));
  if (ref === null || repository === undefined)
    return store.writeIf(jobId, expect, { "command.stop": null, "command.stopMode": null });
  const { issueLabel: label } = repository;
  const access = { github, login, ref, signal };
  const { trusted_users: trustedUsers } = config.github;
  let labelEvent = record.label.event;
  let mayReport = false;
  await tolerate(async () => {
    const events = await github.labeledEvents(ref, ref.number, label, { signal });
    labelEvent = Math.max(labelEvent, events[0]?.id ?? 0);
    const trusts = (account: string) => mayLabel(github, { repo: ref, login: account, trustedUsers }, { signal });
    mayReport = (await findStartEvent(github, { ref, label, login, mayLabel: trusts, events }, { signal })) !== null;
    // GitHub may report an event some seconds after its label.
    if (events.length === 0) mayReport ||= await isLabelled(access, label);
  });
  // Other programs, such as agents, may write to Redis. So nothing is posted on an issue that no trusted account has labelled.
  if (!mayReport)
    return store.writeIf(jobId, expect, { "label.event": labelEvent, "command.stop": null, "command.stopMode": null });
  // This write is first, so that the label starts no run even if a later step fails.
  if (!(await store.writeIf(jobId, expect, { "label.event": labelEvent }))) return false;
  await tolerate(() => comment(access, applyPatch(record, { "label.event": labelEvent }), label));
  const off = await tolerate(() => takeOffLabels(access, config, label));
  return store.writeIf(jobId, expect, {
    "command.stop": null,
    "command.stopMode": null,
    "label.notRemoved": off ? null : labelEvent,
  });
}

/** @returns false if GitHub refuses permanently, for example because the issue is locked or deleted */
async function tolerate(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isRefusedRequest(error)) return false;
    throw error;
  }
}

/** An issue on GitHub, and the access to it. */
interface IssueAccess {
  readonly github: GitHub;
  readonly login: string | null;
  readonly ref: IssueRef;
  readonly signal: AbortSignal;
}

async function comment(access: IssueAccess, record: IssueRecord, trigger: string): Promise<void> {
  const marker: Marker = {
    v: 1,
    kind: "status",
    run: record.end.run ?? "",
    outcome: "stopped",
    label_event_id: record.label.event,
    published_sha: record.branch.published,
    question_id: record.question.commentId,
  };
  const branch = record.branch.name;
  const prNumber = record.pull.number;
  const { usage } = record.agent;
  const { reason } = record.end;
  const facts = {
    runner: null,
    since: record.since ?? "",
    branch,
    prNumber,
    headSha: record.branch.published,
    usage,
    reason,
  };
  await putStatusComment(access, { marker, text: statusText({ ...facts, state: "stopped" }, { trigger }) });
}

async function isLabelled({ github, ref, signal }: IssueAccess, trigger: string): Promise<boolean> {
  const result = await github.issue(ref, ref.number, { signal });
  if (result.kind !== "found") return false;
  return result.issue.labels.some((name) => name.toLowerCase() === trigger.toLowerCase());
}

async function takeOffLabels({ github, ref, signal }: IssueAccess, config: Config, trigger: string): Promise<void> {
  const found = await github.issue(ref, ref.number, { signal });
  if (found.kind !== "found") return;
  const shown = Object.values(statusLabels(config.github)).map(({ name }) => name);
  const ours = [...shown, trigger].map((name) => name.toLowerCase());
  for (const label of found.issue.labels.filter((name) => ours.includes(name.toLowerCase()))) {
    await github.removeLabel(ref, ref.number, label, { signal });
  }
}
