import type { Lock } from "@tac8/core/process/flock";
import { localFiles } from "../files/local.ts";
import { sizeOf } from "../files/size.ts";
import type { GitExecutor } from "../git/executor.ts";
import { directPlace } from "./direct.ts";
import type { AgentPlace } from "./place.ts";

/**
 * Lock of a workspace. An agent in a sandbox can reach the descriptors of the sandbox's first process, and could release a lock with
 * them for every process that shares it. So sandboxes get a separate lock, which only shows whether a sandbox is alive.
 */
export interface WorkspaceLock extends Lock {
  /** Read-only descriptor of the lock for the sandboxes of the workspace. */
  readonly insideFd: number;
}

export interface SideOptions {
  /** Folders that agents of the issue write to. They need not exist yet. */
  readonly roots: readonly string[];
  /** The two roots in which git works, if the run may create them. */
  readonly workspace?: { readonly tree: string; readonly gitDir: string };
  /** Folder with the objects of the mirror, which the repository borrows. */
  readonly objects: string;
  /** Files and folders of tac8 that the agent can only read. */
  readonly read: readonly string[];
  /** Files of the issue elsewhere in the data folder, which agents do not need. */
  readonly otherFiles?: readonly string[];
  /** Environment of agents, with the process marker `TAC8_RUN` and the configured author. It never has a token. */
  readonly env: Readonly<Record<string, string>>;
  /** Lock of the workspace. Borrowed: it is held for longer than the side is open. */
  readonly lock: WorkspaceLock;
  /** Name of this run's own folder. It is unique, because it is the name of the slot. */
  readonly name: string;
}

/** The agent side of one issue, while its lock is held. */
export interface AgentSide {
  /** Return a place. `signal` ends its git commands, `env` has additional variables for them. */
  place(options?: { readonly signal?: AbortSignal; readonly env?: Readonly<Record<string, string>> }): AgentPlace;
  /** Return the disk space of some of its roots in bytes, without following links. No agent may be alive. */
  sizeOf(paths: readonly string[]): Promise<number>;
  /** Return whether one of its roots still belongs to tac8. The next operation in it hands it over to the agents' user. */
  needsHandOver(): boolean;
  /** End the processes that run there for tac8. Idempotent and bounded in time. */
  close(): Promise<void>;
}

export type OpenAgentSide = (options: SideOptions) => AgentSide;

export interface DirectOpenerOptions {
  /** Starts the git commands. */
  readonly git: GitExecutor;
  /** Path of bash, which runs the guards of agents. */
  readonly bash: string;
}

/** Return how to open an agent side without isolation: see `directPlace`. */
export function directOpener({ git, bash }: DirectOpenerOptions): OpenAgentSide {
  return (options) => ({
    place: ({ signal, env = {} } = {}) => directPlace({ git, bash, env: { ...options.env, ...env }, signal }),
    sizeOf: (paths) => sizeOf(localFiles, paths),
    needsHandOver: () => false,
    close: () => Promise.resolve(),
  });
}
