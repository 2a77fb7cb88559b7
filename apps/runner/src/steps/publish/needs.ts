import type { Config } from "@tac8/core/config/resolve";
import type { Redis } from "ioredis";
import type { PublishField } from "../../run/owners.ts";
import type { StepBasics, StepWorkspace } from "../../run/step.ts";
import type { SecretSearch } from "../../secrets/withoutSecrets.ts";

/** Storage of published diffs, for the board. */
export interface DiffStore {
  /** Borrowed. */
  readonly redis: Redis;
  readonly jobId: string;
}

/** Inputs of the step. */
export interface PublishNeeds extends StepBasics<PublishField>, StepWorkspace, SecretSearch {
  /** Id of the data folder. Workspaces are stored in it. */
  readonly dataFolderId: string;
  readonly protected: Config["protected"];
  readonly diffs: DiffStore;
}
