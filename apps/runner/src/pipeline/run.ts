import type { RepositoryConfig } from "@tac8/core/config/resolve";
import type { IssueRef } from "@tac8/core/domain/reference";
import type { Logger } from "@tac8/core/log/logger";
import type { IssueRecord } from "@tac8/core/state/issueState";
import type { StartEvent } from "../issue/startEvent.ts";
import type { PushScope } from "../airlock/pushScope.ts";
import type { KnownText } from "../issue/textThatCounts.ts";
import { IssueLabels } from "../issue/labels.ts";
import { StatusComment } from "../issue/statusComment.ts";
import type { AgentSide, WorkspaceLock } from "../agentPlace/side.ts";
import type { HaltSwitch } from "../run/halt.ts";
import type { Progress } from "../run/progress.ts";
import { RunRecord } from "../run/record.ts";
import type { IssueOnGitHub } from "../run/step.ts";
import type { Mirror } from "../workspace/mirror.ts";
import type { WorkspacePaths } from "../workspace/paths.ts";
import type { IssueJob, RunnerServices } from "./services.ts";

/** Parts of a run. */
export interface RunParts {
  readonly id: string;
  readonly services: RunnerServices;
  readonly job: IssueJob;
  readonly jobId: string;
  readonly ref: IssueRef;
  readonly repository: RepositoryConfig;
  /** `<host>/<slot>`, for display. */
  readonly runner: string;
  /** The slot's number. */
  readonly slot: number;
  readonly paths: WorkspacePaths;
  readonly mirror: Mirror;
  readonly lock: WorkspaceLock;
  /** Borrowed. */
  readonly agentSide: AgentSide;
  readonly haltSwitch: HaltSwitch;
  /** Return for how many ms the agent may live without another heartbeat: see `JobLock`. */
  readonly agentTimeLeftMs: () => number;
  readonly progress: Progress;
}

/** Results of the steps so far. The steps return them, and only the pipeline stores them here. */
export interface RunKnowledge {
  /** The label event that started the work; null: no trusted account has labelled the issue. Undefined until a step has read it. */
  startEvent: StartEvent | undefined;
  /** `admit` has read the issue on GitHub, so the end that this run reports does not come from Redis alone. */
  hasReadIssue: boolean;
  text: KnownText;
  /** The scope as `prepare` has read it; null: this run has not prepared. */
  scope: PushScope | null;
}

/** One run in the pipeline. `needs.ts` defines the part of it that each step gets. */
export interface Run extends RunParts {
  readonly issue: IssueOnGitHub;
  readonly record: RunRecord;
  readonly comment: StatusComment;
  readonly labels: IssueLabels;
  readonly log: Logger;
  readonly knowledge: RunKnowledge;
}

/** @param state the record after the run has claimed it */
export function createRun(parts: RunParts, state: IssueRecord): Run {
  const { id, services, jobId, ref, repository, runner, haltSwitch, progress } = parts;
  const { config, github, store, now, redact } = services;
  const log = services.log.child({ issue: jobId, run: id });
  const issue: IssueOnGitHub = {
    ref,
    repository,
    github,
    get login() {
      return services.login; // The login may become known during the run.
    },
    policy: config.github,
    backoffFactor: config.coordinator.backoff_factor,
  };
  const record = new RunRecord({ store, jobId, run: id, runner, state, haltSwitch, progress, log, now, redact });
  const written = { issue, signal: haltSwitch.abandon, id, runner, record, redact, now };
  return {
    ...parts,
    issue,
    record,
    comment: new StatusComment(written),
    labels: new IssueLabels(written),
    log,
    knowledge: { startEvent: undefined, hasReadIssue: false, text: { countedTitle: null, edit: null }, scope: null },
  };
}
