import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import type { EventDescription } from "@tac8/core/domain/events";
import { formatReference, refOfJob, sameRepo } from "@tac8/core/domain/reference";
import { planHolds, repositoryHold } from "@tac8/core/domain/holds";
import { gitUrl } from "@tac8/core/github/urls";
import type { JobResult } from "@tac8/core/queue/contract";
import { endedWell } from "@tac8/core/domain/states";
import { questionLifetimeMs } from "@tac8/core/domain/questionExpiry";
import { applyPatch, type IssueRecord } from "@tac8/core/state/issueState";
import type { Permit } from "@tac8/core/state/permits";
import { readHolds } from "@tac8/core/state/holds";
import { CleanupStack } from "../process/cleanupStack.ts";
import { killSurvivors } from "../process/survivors.ts";
import { startTimeNow } from "@tac8/core/process/procfs";
import { removeIncoming } from "../airlock/incoming.ts";
import type { AgentPlace } from "../agentPlace/place.ts";
import { adoptFormerNotes } from "../workspace/formerNotes.ts";
import { lockWorkspace } from "../workspace/lock.ts";
import { Mirror } from "../workspace/mirror.ts";
import { mirrorPaths, workspacePaths, type WorkspacePaths } from "../workspace/paths.ts";
import { removeWorkspace } from "../workspace/remove.ts";
import type { Slot } from "../slots/slots.ts";
import { apply } from "./apply.ts";
import { agentEnvOf } from "./agentEnv.ts";
import { createRun, type Run } from "./run.ts";
import type { IssueJob, RunnerServices } from "./services.ts";
import { afterUnexpectedError, afterReportedEnd } from "./planDisposition.ts";
import type { Disposition, Requeue } from "./disposition.ts";
import { planEntry } from "./entry.ts";
import { progressOfLost } from "./lostProgress.ts";
import { requestPermit } from "./requestPermit.ts";
import { needsNoAgent } from "./needsNoAgent.ts";
import { writerOf, writerWithoutRun } from "./lastWriter.ts";
import type { HaltSwitch } from "../run/halt.ts";
import { together } from "../run/together.ts";
import { runSteps } from "./pipeline.ts";
import { Progress } from "../run/progress.ts";

/**
 * Delay before the next try if the job cannot start now: the queue is held, the data folder has a problem, or another process uses the
 * workspace.
 */
const BUSY_MS = 5000;
/** Delay before the next try if the repository is no longer in the configuration. */
const UNCONFIGURED_RETRY_MS = 10 * 60_000;
/** Longest delay before the next try in a held repository. The hold may end before its time, and a check is cheap. */
const HELD_MS = 5 * 60_000;

export interface ProcessOptions {
  readonly services: RunnerServices;
  readonly job: IssueJob;
  readonly lockToken: string;
  readonly slot: Slot;
  readonly haltSwitch: HaltSwitch;
  /** Return for how many ms the agent may live without another heartbeat: see `JobLock`. */
  readonly agentTimeLeftMs: () => number;
  /** Called once, when the run has claimed the issue. The progress changes later. */
  readonly onBegun: (progress: Progress) => void;
  /** Called with the permit of the run. The callee then renews and releases it. */
  readonly onPermit: (permit: Permit) => void;
}

/** Resources of one run. */
interface RunResources {
  readonly cleanup: CleanupStack;
  /** Null until the run has claimed the issue's record. */
  run: Run | null;
}

/**
 * Process a job once: lock the workspace, claim the issue's record, run the steps that `planEntry` names, and carry out the
 * disposition of the job while the workspace is still locked.
 * @throws the errors that BullMQ handles, see `apply`
 */
export async function processJob(options: ProcessOptions): Promise<JobResult> {
  const { services, job, lockToken } = options;
  const resources: RunResources = { cleanup: new CleanupStack(), run: null };
  try {
    const disposition = await runJobSafely(options, resources);
    const lastWriter =
      resources.run === null ? writerWithoutRun(services.store, job.id ?? "") : writerOf(resources.run);
    return await apply(disposition, { job, lockToken, services, lastWriter });
  } finally {
    await resources.cleanup
      .close()
      .catch((err: unknown) => services.log.error({ issue: job.id, err }, "could not release everything after a run"));
  }
}

async function runJobSafely(options: ProcessOptions, resources: RunResources): Promise<Disposition> {
  const { services, job } = options;
  try {
    return await runJob(options, resources);
  } catch (error) {
    const next = afterUnexpectedError(error, services.now());
    if (next.do !== "release")
      services.log.error(
        { issue: job.id, err: error },
        "unexpected error while the job was processed: the job is requeued and tried again",
      );
    return next;
  }
}

async function runJob(options: ProcessOptions, resources: RunResources): Promise<Disposition> {
  const { services, job, lockToken, slot } = options;
  const { config, log, now } = services;
  const jobId = job.id ?? "";
  const requeueAfter = (ms: number, because: string): Requeue => ({ do: "requeue", until: now() + ms, because });
  // The lock, the record and the queue use the job's id. The issue is read from this id too, because the job's data could name another
  // issue.
  const ref = refOfJob(jobId, config.repositories);
  const repository = ref === null ? undefined : config.repositories.find((entry) => sameRepo(entry, ref));
  if (ref === null || repository === undefined) {
    const name = ref === null ? jobId : formatReference(ref);
    log.warn(
      { issue: jobId },
      `the repository of ${name} is not configured: its job waits, configure the repository or remove the job`,
    );
    return requeueAfter(UNCONFIGURED_RETRY_MS, "its repository is not configured");
  }
  // Expired holds are ignored. The scheduler removes them, but it may be stopped or late.
  const { live, pauseQueue } = planHolds(await readHolds(services.redis), now());
  // BullMQ delivered the job after the hold began and before the queue was paused, so it is requeued.
  if (pauseQueue) return { ...requeueAfter(BUSY_MS, "the queue is held"), hold: { pause: true } };
  const hold = live.find(({ name }) => name === repositoryHold(ref));
  const recordBeforeLock = await services.store.read(jobId);
  if (hold !== undefined && !needsNoAgent(recordBeforeLock)) {
    const nextCheckAt = now() + HELD_MS * config.coordinator.backoff_factor;
    const until = Math.min(hold.until ?? Infinity, nextCheckAt);
    return { do: "requeue", until, because: "its repository is held", lastWrite: { patch: { "job.hold": hold.name } } };
  }

  // Checked before the run creates files: if the data folder is not mounted, new files would be created below its mount point and be hidden
  // later.
  const trouble = await services.dataFolderTrouble();
  if (trouble !== null) {
    log.warn({ issue: jobId }, `the job waits, because of a problem with the data folder: ${trouble}`);
    return requeueAfter(BUSY_MS, trouble);
  }
  const needsAgent = !needsNoAgent(recordBeforeLock);
  const permitOrRequeue = await requestPermit({
    services,
    job,
    lockToken,
    repository,
    record: recordBeforeLock,
    needsAgent,
  });
  if ("do" in permitOrRequeue) return permitOrRequeue;
  options.onPermit(permitOrRequeue.permit);
  const paths = workspacePaths(config.dataFolder, config.worktree.base_dir, ref);
  const { cleanup } = resources;
  const id = randomUUID();
  cleanup.defer(() => slot.endRun());
  const [lock] = await together(options.haltSwitch.abandon, [
    async () => {
      const taken = await lockWorkspace(paths);
      if (taken !== null) cleanup.defer(() => taken.release());
      return taken;
    },
    // Writing the slot's note to the disk may be slow.
    () => slot.beginRun({ jobId, run: id, token: lockToken }),
  ]);
  if (lock === null) {
    log.info({ issue: jobId }, "another process uses the issue's workspace: the job waits");
    return requeueAfter(BUSY_MS, "its workspace is in use");
  }
  // Environment of git on the clean side. Like agents, git must not have tac8's secrets in it.
  const cleanSideGitEnv = { ...config.agentEnv, [RUN_MARKER]: id };
  const pathsOfMirror = mirrorPaths(config.dataFolder, ref);
  const agentSide = services.openAgentSide({
    roots: [paths.tree, paths.gitDir, paths.tmpDir, paths.homeDir],
    workspace: paths,
    objects: join(pathsOfMirror.dir, "objects"),
    read: [paths.promptFile],
    otherFiles: [paths.former.promptFile],
    env: { ...agentEnvOf(config), [RUN_MARKER]: id },
    lock,
    name: `slot-${slot.number}`,
  });
  // A git command that is aborted leaves the processes that it started, and these keep the runner's pipes open.
  const since = startTimeNow();
  cleanup.defer(() => killSurvivors({ runId: id, except: [process.pid], since }));
  cleanup.defer(() => agentSide.close());
  const agentPlace = agentSide.place();
  const lostRunId = (await services.store.read(jobId)).run.id;
  if (lostRunId !== null) {
    // Done before this run's id replaces the lost run's id: a later run could not find these processes and files.
    await killLostProcesses(services, lostRunId, paths.lockFile);
    await removeIncoming(pathsOfMirror, lostRunId); // The throwaway repository from which the lost run pushed.
    await agentPlace.remove(paths.tmpDir);
  }
  await adoptFormerNotes(agentPlace, paths);
  const lockKey = `${job.queueQualifiedName}:${jobId}:lock`;
  const before = await services.store.claim(jobId, { run: id, runner: slot.name, lockKey, token: lockToken });
  const url = gitUrl(config.github.api_url, ref);
  const mirror = new Mirror(pathsOfMirror, {
    url,
    tokens: services.github.tokens,
    mirrorDir: pathsOfMirror.dir,
    env: cleanSideGitEnv,
    git: services.git,
  });
  const { title } = job.data;
  const progress = new Progress({ issue: jobId, title, run: id, slot: slot.name, since: now() });
  options.onBegun(progress);
  const parts = {
    id,
    services,
    job,
    jobId,
    ref,
    repository,
    runner: slot.name,
    slot: slot.number,
    paths,
    mirror,
    lock,
    agentSide,
    haltSwitch: options.haltSwitch,
    agentTimeLeftMs: options.agentTimeLeftMs,
    progress,
  };
  const run = createRun(parts, applyPatch(before, { "run.id": id, "run.runner": slot.name }));
  resources.run = run;
  if (before.run.id !== null) await run.record.writeEvent({}, lostRunEvent(before));
  const blockedExpiresMs = questionLifetimeMs(config.coordinator.blocked_expires_days);
  const { redis, dataFolderId } = services;
  const lostRunNeeds = { redis, dataFolderId, paths, agentSide, signal: options.haltSwitch.abandon, log: run.log };
  const entry = planEntry(before, {
    runId: id,
    blockedExpiresMs,
    now: now(),
    attemptsMade: job.attemptsMade,
    progress: await progressOfLost(lostRunNeeds, before),
  });
  if (entry.do === "wait") {
    const lastWrite = { patch: { "job.hold": null } };
    return { do: "requeue", until: entry.until, because: "it waits for a reply", lastWrite };
  }
  if (entry.do === "close-job") {
    // The workspace was removed when the issue ended. Locking it for this run has created the lock file again, so that is removed too.
    if (endedWell(before.end.outcome) && !(await workspaceExists(agentPlace, paths)))
      await removeWorkspace(agentPlace, paths, { keepsSession: before.end.outcome === "answered" });
    const result = { outcome: before.end.outcome ?? "failed", prUrl: before.pull.url, reason: before.end.reason };
    // An empty last write only clears the run's id.
    return afterReportedEnd(result, before, { blockedExpiresMs, now: now(), lastWrite: { patch: {} } });
  }
  return runSteps(run, entry, hold !== undefined);
}

async function workspaceExists(place: AgentPlace, { tree, gitDir }: WorkspacePaths): Promise<boolean> {
  return (await place.stat(tree)) !== null || (await place.stat(gitDir)) !== null;
}

/** Kill the processes of a lost run. Its agent must be dead before another one starts in the same folder. */
async function killLostProcesses(services: RunnerServices, run: string, lockPath: string): Promise<void> {
  const { killed, remaining } = await killSurvivors({ runId: run, lockPath, except: [process.pid] });
  if (killed > 0) services.log.warn({ run, killed }, "killed processes of a lost run");
  if (remaining.length > 0) throw new Error(`processes of the lost run ${run} could not be killed`);
}

/** Return the event for a lost run, which could not record its own end. */
function lostRunEvent({ run: { id: run, runner } }: IssueRecord): EventDescription {
  const where = runner === null ? "" : ` on ${runner}`;
  const reason = `the run${where} was lost: its runner crashed, was killed, or lost its connection to Redis`;
  return { event: "run:lost", reason, evidence: { lost: run } };
}
