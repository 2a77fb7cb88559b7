import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import type { IssueRef } from "@tac8/core/domain/reference";
import type { GitHub } from "@tac8/core/github/client";
import type { Logger } from "@tac8/core/log/logger";
import type { RecordPath } from "@tac8/core/state/issueState";
import type { AgentPlace } from "../place/place.ts";
import type { Mirror } from "../workspace/mirror.ts";
import type { WorkspacePaths } from "../workspace/paths.ts";
import type { StepRecord } from "./record.ts";

// The parts of which the steps' needs are made. Each step names its own; the pipeline has them all.

/** The issue on GitHub, and how it is asked about. */
export interface IssueOnGitHub {
  readonly ref: IssueRef;
  readonly repository: RepositoryConfig;
  readonly github: GitHub;
  /** The account that the token belongs to; null: an app's, which is known from the first comment on. */
  readonly login: string | null;
  /** Who is trusted, which comments count, how tac8's labels are called. */
  readonly policy: Config["github"];
  /** Multiplies waits; config `backoff_factor`. */
  readonly factor: number;
}

/** The issue, until a signal ends what is asked about it. */
export interface IssueAccess {
  readonly issue: IssueOnGitHub;
  /** The step's one signal: `stop` for admit, prepare and work, `lost` for the others. */
  readonly signal: AbortSignal;
}

/** What every step has. `F`: the fields of the record that it may write. */
export interface StepBasics<F extends RecordPath> extends IssueAccess {
  /** Id of the run. */
  readonly id: string;
  readonly record: StepRecord<F>;
  readonly log: Logger;
}

/** The workspace of the issue. */
export interface StepWorkspace {
  readonly paths: WorkspacePaths;
  /** The agent side. */
  readonly place: AgentPlace;
  /** The clean side. */
  readonly mirror: Mirror;
}

/** Attempts of the job. */
export interface Attempts {
  /** Those that are used up, without this one. */
  readonly made: number;
  readonly max: number;
}
