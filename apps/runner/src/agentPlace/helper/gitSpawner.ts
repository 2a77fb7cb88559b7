import { executorOf, ownGit, type GitExecutor } from "../../git/executor.ts";
import type { GitAnswer, GitCommand } from "../../git/runGit.ts";
import type { GitStream, GitStreamCommand } from "../../git/streamGit.ts";
import { membersOf, readOr, treeBelow } from "../../process/members.ts";
import { HELPER_PROGRAM, startPlaceHelper, type PlaceHelper } from "./client.ts";
import { spawned, type HelperChild } from "./child.ts";

/** Command line of the spawner. The last argument is its title. */
export const GIT_SPAWNER: readonly string[] = [...HELPER_PROGRAM, "tac8 spawner"];
/** A helper without work for this long ends, because it needs memory. */
const IDLE_MS = 60_000;

export interface GitSpawner extends GitExecutor {
  /**
   * End the helper, or let it end with its last command. Further commands are started by this process, because a job may still be
   * saving its work. Idempotent.
   */
  close(): Promise<void>;
}

export interface GitSpawnerOptions {
  /** PATH of the helper itself. Each command has its own. */
  readonly path: string;
  readonly idleMs?: number;
  /** See `HelperProcess`. */
  readonly deadlineMs?: number;
  /** Start the helper's process. @throws Error if this machine cannot start it */
  readonly spawn?: () => HelperChild;
}

/**
 * Starts git in a helper process that all runs share, with the rights of this process. The start of a process blocks the one that
 * starts it until the kernel has loaded the new program, and takes longer the more memory it uses: on a busy machine 6 ms, about
 * twenty times for each issue. The first command starts the helper. If it dies, its commands fail, and the next one starts another.
 * If this process dies, the helper ends its commands and exits.
 */
export function startGitSpawner(options: GitSpawnerOptions): GitSpawner {
  const { path, idleMs = IDLE_MS, spawn = () => start(path), ...limits } = options;
  let current: PlaceHelper | null = null;
  let busy = 0;
  let idle: NodeJS.Timeout | undefined;
  let isClosed = false;
  const ending = new Set<Promise<void>>();

  function open(): PlaceHelper {
    const forget = (): void => {
      if (current === helper) current = null;
    };
    const helper: PlaceHelper = startPlaceHelper({
      ...limits,
      name: "the git spawner",
      start() {
        const child = spawn();
        void child.exited.then(forget, forget);
        return withItsGit(child);
      },
      // Before its exit, because the callers of failed commands may start others at once.
      onEnd() {
        if (current === helper) end();
      },
    });
    return helper;
  }

  function end(): void {
    const helper = current;
    current = null;
    if (helper === null) return;
    const ended = helper.close().finally(() => ending.delete(ended));
    ended.catch(() => undefined); // It cannot be killed. It exits because its input is closed.
    ending.add(ended);
  }

  /** Start a command in the helper. @param endOf returns a promise that settles when the command ends */
  function use<T>(begin: (helper: PlaceHelper) => T, endOf: (begun: T) => Promise<unknown>): T {
    clearTimeout(idle);
    busy += 1;
    const begun = begin((current ??= open()));
    void release(endOf(begun));
    return begun;
  }

  async function release(ended: Promise<unknown>): Promise<void> {
    await ended.catch(() => undefined); // The caller of the command handles its error.
    busy -= 1;
    if (busy > 0) return;
    if (isClosed) end();
    else idle = setTimeout(end, idleMs).unref();
  }

  function stream(command: GitStreamCommand): GitStream {
    if (isClosed) return ownGit.stream(command);
    return use(
      (helper) => helper.streamGit(command),
      ({ ended }) => ended,
    );
  }

  async function run(command: GitCommand): Promise<GitAnswer> {
    if (isClosed) return ownGit.run(command);
    return use(
      (helper) => helper.git(command),
      (answer) => answer,
    );
  }

  return {
    ...executorOf(run, stream),
    async close() {
      isClosed = true;
      clearTimeout(idle);
      if (busy === 0) end();
      await Promise.allSettled(ending);
    },
  };
}

/**
 * Kill its git commands with it: without it, their time limits have no effect. A process that died by itself leaves them to the end of
 * their runs, and so does one that is killed while this process has no free descriptor to find them.
 */
function withItsGit(child: HelperChild): HelperChild {
  const { pid } = child;
  const tree = pid === undefined ? null : readOr(null, () => treeBelow(pid));
  return {
    ...child,
    kill() {
      const members = readOr(new Set<number>(), () => membersOf(tree)); // Before the kill, which gives them another parent.
      child.kill();
      for (const pid of members) killIfThere(pid);
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is not running any more.
  }
}

function start(path: string): HelperChild {
  return spawned({ command: GIT_SPAWNER, env: { PATH: path } });
}
