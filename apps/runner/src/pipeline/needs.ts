import type { RecordPath } from "@tac8/core/state/issueState";
import type { Attempts, IssueAccess, StepBasics, StepWorkspace } from "../run/step.ts";
import { watchForHalt } from "../run/watchForHalt.ts";
import type { AdmitNeeds } from "../steps/admit/admit.ts";
import type { PrepareNeeds } from "../steps/prepare/prepare.ts";
import type { PromptNeeds } from "../steps/prepare/prompts.ts";
import type { PullNeeds } from "../steps/publish/findOrOpenPull.ts";
import type { RecoverNeeds } from "../steps/recover/recover.ts";
import type { ReportNeeds } from "../steps/report/report.ts";
import type { SaveNeeds } from "../steps/save/save.ts";
import type { WorkNeeds } from "../steps/work/work.ts";
import { agentEnvOf } from "./agentEnv.ts";
import type { Run } from "./run.ts";

// The inputs that each step gets from a run. The steps admit, prepare and work get the signal `halt`, the others get `abandon`.

export function admitNeeds(run: Run): AdmitNeeds {
  return { ...untilStop(run), paths: run.paths };
}

export function prepareNeeds(run: Run): PrepareNeeds {
  const { comment, labels, services } = run;
  return {
    ...untilStop(run),
    ...workspaceOf(run, run.haltSwitch.halt),
    comment,
    labels,
    attempts: attemptsOf(run),
    dataFolderId: services.dataFolderId,
    authorEmail: services.config.git.author_email,
    now: services.now,
  };
}

export function promptNeeds(run: Run): PromptNeeds {
  const { paths, mirror, runner, services } = run;
  const { config, isolation, now } = services;
  const attempts = attemptsOf(run);
  return { ...untilStop(run), paths, mirror, runner, attempts, config, isolation: isolation.mode, now };
}

export function recoverNeeds(run: Run): RecoverNeeds {
  return { ...workspaceOf(run), record: run.record, dataFolderId: run.services.dataFolderId };
}

export function workNeeds(run: Run): WorkNeeds {
  const { id, jobId, runner, slot, lock, agentTimeLeftMs, progress, haltSwitch, log, paths, services } = run;
  const { config, redis, store, redact, now, resourceLimits, isolation, disk, dataFolderId, scanners } = services;
  const workspace = workspaceOf(run);
  const pollSeconds = config.coordinator.poll_interval_seconds;
  const watched = { id, jobId, haltSwitch, store, redis, place: workspace.place, tree: paths.tree, pollSeconds, log };
  return {
    ...untilStop(run),
    ...workspace,
    host: { resourceLimits, isolation: isolation.mode, disk, slot, lock, dataFolderId, agentTimeLeftMs },
    config,
    agentEnv: agentEnvOf(config),
    redis,
    runner,
    attempts: attemptsOf(run),
    scanners,
    progress,
    watch: (options) => watchForHalt(watched, options),
    redact,
    now,
  };
}

export function saveNeeds(run: Run): SaveNeeds & { readonly now: () => number } {
  const { now } = run.services;
  return { ...untilLost(run), ...workspaceOf(run), ...secretsOf(run), now };
}

export function publishNeeds(run: Run): PullNeeds {
  const { jobId, job, services } = run;
  const { config, redis, dataFolderId } = services;
  return {
    ...untilLost(run),
    ...workspaceOf(run),
    ...secretsOf(run),
    dataFolderId,
    protected: config.protected,
    diffs: { redis, jobId },
    defaultModel: config.llm.model_default,
    title: job.data.title,
  };
}

export function reportNeeds(run: Run): ReportNeeds {
  const { comment, labels, services } = run;
  const { redact, now } = services;
  return { ...untilLost(run), ...workspaceOf(run), comment, labels, attempts: attemptsOf(run), redact, now };
}

/** @param signal ends the requests: `haltSwitch.halt` at every halt, `haltSwitch.abandon` only when the run has lost its job */
export function issueAccess({ issue }: Run, signal: AbortSignal): IssueAccess {
  return { issue, signal };
}

export function attemptsOf({ job }: Run): Attempts {
  return { made: job.attemptsMade, max: job.opts.attempts ?? 1 };
}

function untilStop({ id, issue, record, haltSwitch, log }: Run): StepBasics<RecordPath> {
  return { id, issue, record, log, signal: haltSwitch.halt };
}

function untilLost({ id, issue, record, haltSwitch, log }: Run): StepBasics<RecordPath> {
  return { id, issue, record, log, signal: haltSwitch.abandon };
}

/** @param signal ends git on the agent side */
function workspaceOf(
  { paths, agentSide, mirror, haltSwitch }: Run,
  signal: AbortSignal = haltSwitch.abandon,
): StepWorkspace {
  return { paths, place: agentSide.place({ signal }), mirror };
}

function secretsOf({ services: { redact, config, scanners } }: Run) {
  return { redact, secrets: config.secrets.values, scanners };
}
