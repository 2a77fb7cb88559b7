import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DelayedError, UnrecoverableError } from "bullmq";
import { StepFailure } from "@tac8/core/domain/failures";
import type { ResumeReason } from "@tac8/core/domain/prompt";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { formatReference, refOfJob, sameRepo } from "@tac8/core/domain/reference";
import { planHolds, repositoryHold } from "@tac8/core/domain/holds";
import { gitUrl } from "@tac8/core/github/urls";
import type { JobResult } from "@tac8/core/queue/contract";
import { endedWell, reached, isEnded } from "@tac8/core/domain/states";
import type { IssueFields } from "@tac8/core/state/issueState";
import { LostRun } from "@tac8/core/state/issueStore";
import type { Place } from "@tac8/core/state/places";
import { clearHold, readHolds } from "@tac8/core/state/holds";
import { killSurvivors } from "../process/survivors.ts";
import { removeIncoming } from "../airlock/incoming.ts";
import type { AgentPlace } from "../place/place.ts";
import { adoptFormerNotes } from "../workspace/formerNotes.ts";
import { lockWorkspace } from "../workspace/lock.ts";
import { Mirror } from "../workspace/mirror.ts";
import { mirrorPaths, workspacePaths, type WorkspacePaths } from "../workspace/paths.ts";
import { removeWorkspace } from "../workspace/remove.ts";
import { admitToPublish } from "../steps/admit.ts";
import { isCaused } from "../steps/cause.ts";
import { askEndedSince } from "../steps/endedSince.ts";
import { stillCounts } from "../steps/intent.ts";
import { prepare } from "../steps/prepare.ts";
import { adoptPull, publish } from "../steps/publish.ts";
import { saveLost } from "../steps/saveLost.ts";
import { work } from "../steps/work.ts";
import type { Slot } from "../slots/slots.ts";
import { agentEnvOf, RunContext, type IssueJob, type RunnerServices } from "./context.ts";
import { planEntry, type Entry } from "./entry.ts";
import { progressOfLost } from "./lostProgress.ts";
import { findPlace } from "./findPlace.ts";
import { goOnAfter } from "./lostRun.ts";
import { Halted, type HaltSwitch } from "./halt.ts";
import { Progress } from "./progress.ts";
import { close, conclude, settle } from "./settle.ts";

/** Another process has the workspace: it is asked again so soon. */
const BUSY_MS = 5000;
/** A repository was taken out of the configuration. */
const STRANGE_MS = 10 * 60_000;
/** Something is wrong with this machine, or with the configuration. */
const TROUBLE_MS = 60_000;
/** A repository's hold may end before its time: it costs nothing to look. */
const HELD_MS = 5 * 60_000;
const HELD = "the finished work is gone, and its repository is held: it is done again after that";

export interface ProcessOptions {
  readonly services: RunnerServices;
  readonly job: IssueJob;
  readonly token: string;
  readonly slot: Slot;
  readonly switch: HaltSwitch;
  readonly leftMs: () => number;
  /** Told of the run while it lasts. */
  readonly onProgress: (progress: Progress) => void;
  /** Told of the place that the run has in the limits: whoever is told keeps and releases it. */
  readonly onPlace: (place: Place) => void;
}

/**
 * One pick-up of a job: takes the workspace's lock and the issue's run id, goes on at the first step that is not done,
 * and settles what happens next. Rejects with what BullMQ understands (DelayedError, UnrecoverableError, an error that
 * carries its delay).
 */
export async function processJob(options: ProcessOptions): Promise<JobResult> {
  try {
    return await pickUp(options);
  } catch (error) {
    if (error instanceof LostRun) return goOnAfter(error, { ...options, now: options.services.now() });
    if (isSettled(error)) throw error;
    // The machine's trouble (a full disk, a damaged folder), not the issue's: it costs no attempt.
    const { services, job } = options;
    services.log.error({ issue: job.id, err: error }, "the job could not be taken up: waiting");
    return wait(options, services.now() + TROUBLE_MS);
  }
}

/** Errors that say to BullMQ what has been decided, or that the job is not ours any more. */
function isSettled(error: unknown): boolean {
  if (error instanceof DelayedError || error instanceof UnrecoverableError) return true;
  if (error instanceof Halted) return true;
  return error instanceof Error && "delayMs" in error;
}

async function pickUp(options: ProcessOptions): Promise<JobResult> {
  const { services, job, token, slot } = options;
  const { config, log } = services;
  const jobId = job.id ?? "";
  // The lock, the hash and the queue go by the job's id, so its data must not name another issue.
  const ref = refOfJob(jobId, config.repositories);
  const repository = ref === null ? undefined : config.repositories.find((entry) => sameRepo(entry, ref));
  if (ref === null || repository === undefined) {
    const name = ref === null ? jobId : formatReference(ref);
    log.warn({ issue: jobId }, `${name} is in no configured repository: its job waits until it is, or is removed`);
    return wait(options, services.now() + STRANGE_MS);
  }
  // One whose time is over holds nothing: the scheduler may be away, or about to take it out.
  const { live, pauseQueue } = planHolds(await readHolds(services.redis), services.now());
  if (pauseQueue) {
    // It was taken in the moment between the hold and the queue's pause. It waits with the others then.
    await services.queue.pause();
    return wait(options, services.now() + BUSY_MS);
  }
  const held = live.find(({ name }) => name === repositoryHold(ref));
  const known = await services.store.read(jobId);
  if (held !== undefined && !needsNoAgent(known)) {
    await services.store.writeIf(jobId, {}, { hold: held.name });
    const again = services.now() + HELD_MS * config.coordinator.backoff_factor;
    return wait(options, Math.min(held.until ?? Infinity, again));
  }

  // Before anything is made there: it would hide what comes back.
  const trouble = await services.homeTrouble();
  if (trouble !== null) {
    log.warn({ issue: jobId }, `not working on it: ${trouble}`);
    return wait(options, services.now() + BUSY_MS);
  }
  const counts = !needsNoAgent(known);
  options.onPlace(await findPlace({ services, job, token, repository, issue: known, counts }));
  const paths = workspacePaths(config.home, config.worktree.base_dir, ref);
  const lock = await lockWorkspace(paths);
  if (lock === null) {
    log.info({ issue: jobId }, "its workspace is in use: waiting");
    return wait(options, services.now() + BUSY_MS);
  }
  const id = randomUUID();
  const agentEnv = { ...config.agentEnv, [RUN_MARKER]: id };
  const mirrorAt = mirrorPaths(config.home, ref);
  const side = services.openSide({
    roots: [paths.tree, paths.gitDir, paths.tmpDir, paths.homeDir],
    objects: join(mirrorAt.dir, "objects"),
    read: [paths.promptFile],
    beside: [paths.former.promptFile],
    env: { ...agentEnvOf(config), [RUN_MARKER]: id },
    lock,
    name: `slot-${slot.number}`,
  });
  const place = side.place();
  try {
    await slot.begin({ jobId, run: id, token });
    const { run: leftBehind } = await services.store.read(jobId);
    if (leftBehind !== null) {
      // Before we take its place: whoever comes next would not know whom to look for.
      await endLeftovers(services, leftBehind, paths.lockFile);
      await removeIncoming(mirrorAt, leftBehind);
      await place.remove(paths.tmpDir);
    }
    await adoptFormerNotes(place, paths);
    const lockKey = `${job.queueQualifiedName}:${jobId}:lock`;
    const before = await services.store.claim(jobId, { run: id, runner: slot.name, lockKey, token });
    const url = gitUrl(config.github.api_url, ref);
    const mirror = new Mirror(mirrorAt, {
      url,
      tokens: services.github.tokens,
      mirrorDir: mirrorAt.dir,
      env: agentEnv,
    });
    const { title } = job.data;
    const progress = new Progress({ issue: jobId, title, run: id, slot: slot.name, since: services.now() });
    options.onProgress(progress);
    const run = new RunContext({
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
      side,
      switch: options.switch,
      leftMs: options.leftMs,
      progress,
      state: { ...before, run: id, runner: slot.name },
    });
    if (before.run !== null) await run.record({}, "note", lostNote(before));
    const entry = planEntry(before, {
      runId: id,
      blockedExpiresMs: config.coordinator.blocked_expires_days * 24 * 3_600_000,
      now: services.now(),
      attemptsMade: job.attemptsMade,
      progress: await progressOfLost(run, before),
    });
    if (entry.do === "wait") {
      await run.write({ run: null, runner: null, hold: null });
      return await wait(options, entry.until);
    }
    if (entry.do === "close") {
      // Our lock's file: the end had taken it away with the workspace.
      if (endedWell(before.outcome) && !(await isThere(place, paths)))
        await removeWorkspace(place, paths, { keepsSession: before.outcome === "answered" });
      await run.write({ run: null, runner: null });
      return close(run, token, { outcome: before.outcome ?? "failed", prUrl: before.prUrl, reason: before.reason });
    }
    return await followThrough(run, entry, { token, held: held !== undefined });
  } finally {
    try {
      await side.close();
      // Git ran an agent's filters; one that was broken off leaves helpers behind, which hold our pipes open.
      await killSurvivors({ runId: id, except: [process.pid] });
    } finally {
      lock.release();
      await slot.end();
    }
  }
}

async function isThere(place: AgentPlace, { tree, gitDir }: WorkspacePaths): Promise<boolean> {
  return (await place.stat(tree)) !== null || (await place.stat(gitDir)) !== null;
}

type PlannedEntry = Exclude<Entry, { do: "wait" | "close" }>;

async function followThrough(
  run: RunContext,
  entry: PlannedEntry,
  { token, held }: { readonly token: string; readonly held: boolean },
): Promise<JobResult> {
  // Its finished work was published, or will not be: either way the next issue of the repository may tell.
  const onDecided = async (): Promise<void> => {
    if (held) await endHold(run);
  };
  try {
    if (run.state.restored !== null && (await askEndedSince(run))) {
      // GitHub shows that end, and goes on showing it.
      const reason = "it had ended since the backup from which it was restored";
      const end = { outcome: "withdrawn", reason, failure: null, outcomeRun: run.id } as const;
      await run.write({ ...end, restored: null, hold: null, cancel: null });
    } else {
      await followPlan(run, entry, held);
    }
    // Somebody may have merged the pull request, and so closed the issue, before we heard that it had been opened.
    if (run.state.outcome === "cancelled" && reached(run.state.checkpoint, "worked")) await adoptPull(run);
  } catch (error) {
    return settle(run, error, { token, onDecided });
  }
  return conclude(run, { token, onDecided });
}

async function followPlan(run: RunContext, entry: PlannedEntry, held: boolean): Promise<void> {
  await run.write({ ...entry.patch, restored: null, hold: null });
  if (entry.do === "give up" && (await isCaused(run, run.switch.halt))) await saveLost(run);
  if (entry.do === "work") await workOn(run, entry.why);
  const begun = entry.do === "publish" ? await admitToPublish(run) : true;
  if (begun && run.state.outcome === null && (await stillCounts(run)) && !(await publish(run))) {
    if (held) throw new StepFailure({ kind: "github", message: HELD });
    await workAgain(run);
  }
}

/**
 * What is left to do needs no agent (to publish, or to report an end): a held repository may have it, and it tells whether
 * the reason for the hold is gone.
 */
function needsNoAgent({ checkpoint, state, outcome, stop, cancel }: IssueFields): boolean {
  if (isEnded(state)) return false;
  if (stop !== null || cancel !== null) return true;
  return state !== "blocked" && (outcome !== null || reached(checkpoint, "worked"));
}

async function endHold(run: RunContext): Promise<void> {
  const { redis } = run.services;
  const { checkpoint, outcome } = run.state;
  const how = checkpoint === "published" ? "was published" : outcome === null ? "is to be changed" : `is ${outcome}`;
  const reason = `finished work of ${formatReference(run.ref)} ${how}`;
  await clearHold(redis, repositoryHold(run.ref), `runner ${run.runner}`, reason);
}

async function workOn(run: RunContext, why: ResumeReason | null): Promise<void> {
  const prompts = await prepare(run, why);
  if (prompts !== null) await work(run, prompts);
}

/** The finished work is lost. */
async function workAgain(run: RunContext): Promise<void> {
  await workOn(run, { kind: "interrupted" });
  if (run.state.outcome !== null || !(await stillCounts(run)) || (await publish(run))) return;
  throw new StepFailure({ kind: "git", message: "the workspace was taken away before its work was published" });
}

/** The run before us ended without a word. Its agent must be dead before ours starts in the same folder. */
async function endLeftovers(services: RunnerServices, run: string, lockPath: string): Promise<void> {
  const { killed, remaining } = await killSurvivors({ runId: run, lockPath, except: [process.pid] });
  if (killed > 0) services.log.warn({ run, killed }, "killed what a lost run had left behind");
  if (remaining.length > 0) throw new Error(`processes of the lost run ${run} could not be killed`);
}

/** The timeline would show a run that began, and nothing of its end. */
function lostNote({ run, runner }: IssueFields): Parameters<RunContext["record"]>[2] {
  const where = runner === null ? "" : ` on ${runner}`;
  const reason = `the run${where} was lost: its runner died, was killed, or lost its connection to Redis`;
  return { reason, evidence: { lost: run } };
}

async function wait({ job, token }: ProcessOptions, until: number): Promise<never> {
  await job.moveToDelayed(until, token);
  throw new DelayedError();
}
