import type { Config } from "@tac8/core/config/resolve";
import type { Redis } from "ioredis";
import type { PublishField } from "../../run/owners.ts";
import type { StepBasics, StepWorkspace } from "../../run/step.ts";
import type { SecretSearch } from "../../secrets/withoutSecrets.ts";

/** Where the board finds what was published. */
export interface DiffStore {
  /** Borrowed. */
  readonly redis: Redis;
  readonly jobId: string;
}

/** What the step needs to bring commits to GitHub. */
export interface PublishNeeds extends StepBasics<PublishField>, StepWorkspace, SecretSearch {
  /** Id of the data folder: workspaces live in one. */
  readonly homeId: string;
  readonly protected: Config["protected"];
  readonly diffs: DiffStore;
}
