import type { Lock } from "@tac8/core/process/flock";
import { localFiles } from "../files/local.ts";
import { sizeOf } from "../files/size.ts";
import { directPlace } from "./direct.ts";
import type { AgentPlace } from "./place.ts";

/**
 * The lock of a workspace. An agent in a sandbox can reach the descriptors of the sandbox's first process, and release a lock by
 * them for every process that shares it. So sandboxes get one of their own, which says only whether one is alive.
 */
export interface WorkspaceLock extends Lock {
  /** Descriptor for the sandboxes of the workspace; it can only be read. */
  readonly insideFd: number;
}

export interface SideOptions {
  /** Folders that agents of the issue write to; they need not be there yet. */
  readonly roots: readonly string[];
  /** Folder of the objects that the repository borrows. */
  readonly objects: string;
  /** Files and folders of tac8 that its agent only reads. */
  readonly read: readonly string[];
  /** Files of the issue elsewhere in the data folder, which no agent has to see. */
  readonly beside?: readonly string[];
  /** What agents see, with the marker `TAC8_RUN` and the configured author; never a token. */
  readonly env: Readonly<Record<string, string>>;
  /** The issue's. Borrowed: it is held for longer than the side is open. */
  readonly lock: WorkspaceLock;
  /** Name of a folder of this run's own, which no other one has: its slot's. */
  readonly name: string;
}

/** The agent side of one issue, for as long as its lock is held. */
export interface AgentSide {
  /** `signal` ends the git commands; `env`: further variables for them. */
  place(options?: { readonly signal?: AbortSignal; readonly env?: Readonly<Record<string, string>> }): AgentPlace;
  /** Bytes on the disk of some of its roots, links not followed. No agent may be alive. */
  sizeOf(paths: readonly string[]): Promise<number>;
  /** Whether one of its roots belongs to tac8 still: it becomes its agents' as soon as something is done in it. */
  needsHandOver(): boolean;
  /** End what runs there for tac8. Idempotent and bounded. */
  close(): Promise<void>;
}

export type OpenSide = (options: SideOptions) => AgentSide;

/** Without isolation: see `directPlace`. */
export const openDirectSide: OpenSide = (options) => ({
  place: ({ signal, env = {} } = {}) => directPlace({ env: { ...options.env, ...env }, signal }),
  sizeOf: (paths) => sizeOf(localFiles, paths),
  needsHandOver: () => false,
  close: () => Promise.resolve(),
});
