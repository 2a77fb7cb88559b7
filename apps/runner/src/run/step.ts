import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import type { IssueRef } from "@tac8/core/domain/reference";
import type { GitHub } from "@tac8/core/github/client";
import type { Logger } from "@tac8/core/log/logger";
import type { RecordPath } from "@tac8/core/state/issueState";
import type { AgentPlace } from "../agentPlace/place.ts";
import type { Mirror } from "../workspace/mirror.ts";
import type { WorkspacePaths } from "../workspace/paths.ts";
import type { StepRecord } from "./record.ts";

// Parts of the steps' inputs. Each step names the parts that it needs, in a type such as `AdmitNeeds`, and calls them `run`: they are those
// parts of the pipeline's `Run` that `pipeline/needs.ts` passes to the step.

/** The issue on GitHub, and the access to it. */
export interface IssueOnGitHub {
  readonly ref: IssueRef;
  readonly repository: RepositoryConfig;
  readonly github: GitHub;
  /** Account of the token. Null for an app's account until its first comment is posted. */
  readonly login: string | null;
  /** Trusted accounts, comments that count, and the names of tac8's labels. */
  readonly policy: Config["github"];
  /** Config `backoff_factor`: factor of all waits. */
  readonly backoffFactor: number;
}

/** Access to the issue, with a signal that ends the requests. */
export interface IssueAccess {
  readonly issue: IssueOnGitHub;
  /** Signal of the step: `halt` for admit, prepare and work, `abandon` for the others. */
  readonly signal: AbortSignal;
}

/** Inputs of every step. `F` are the fields of the record that the step may write. */
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
  /** Used attempts, without the current one. */
  readonly made: number;
  readonly max: number;
}
