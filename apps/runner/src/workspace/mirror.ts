import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StepFailure } from "@tac8/core/domain/failures";
import { lock, LockTimeout, type Lock } from "@tac8/core/process/flock";
import { cleanGit, maintenanceGit, type CleanSide, type MirrorPaths } from "../git/cleanSide.ts";
import { commitOf } from "../git/openGit.ts";
import { createRepository } from "../git/sanitizeRepository.ts";
import { localFiles } from "../files/local.ts";
import { removeStaleLocks } from "./staleLocks.ts";
import { gitStep } from "../git/errors.ts";
import { overNetwork } from "../git/overNetwork.ts";
import { removeOwnRef, writeOwnRef, type OwnRef } from "../git/writeRef.ts";
import { looseNames, readRef } from "../git/refFiles.ts";
import { isDamage, saysDamaged } from "./damage.ts";
import { replaceMirror } from "./replaceMirror.ts";

/** Most fetches take seconds. Who waits for a longer one has a slot that others can use. */
export const LOCK_WAIT_MS = 2 * 60_000;
const MAX_FILE = 1_000_000;
/** Branches with a file of their own each. */
const MAX_LOOSE = 200;
const PINS = "refs/tac8";
/** A Raspberry Pi has agents to run meanwhile. */
const SMALL_MEMORY = ["-c", "pack.threads=1", "-c", "pack.windowMemory=64m"];

/**
 * The clean side of a repository: a bare copy of GitHub's branches and tags, shared by all its issues. Agents read its objects
 * (through `objects/info/alternates`) and write nothing here.
 */
export class Mirror {
  readonly paths: MirrorPaths;
  readonly side: CleanSide;
  readonly #lockWaitMs: number;
  #doubted = false;
  #quarantined: string | null = null;

  constructor(paths: MirrorPaths, side: CleanSide, { lockWaitMs = LOCK_WAIT_MS }: { lockWaitMs?: number } = {}) {
    this.paths = paths;
    this.side = side;
    this.#lockWaitMs = lockWaitMs;
  }

  /** Where the damaged mirror is that this one was put in the place of; null: it was not damaged. */
  get quarantined(): string | null {
    return this.#quarantined;
  }

  /** Brings all branches and tags up to date. What a killed fetch left locked is freed first; a damaged mirror is made again, once. */
  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#alone(signal, async () => {
      try {
        await this.#fill(this.paths.dir, signal);
      } catch (error) {
        signal?.throwIfAborted(); // A git that was interrupted looks like a damaged repository.
        if (this.#quarantined !== null || !isDamage(error)) throw error;
        await this.#replace(signal);
      }
    });
  }

  async #fill(dir: string, signal: AbortSignal | undefined): Promise<void> {
    await removeStaleLocks(localFiles, dir, [PINS]);
    await removeHalfPacks(dir);
    await gitStep("preparing the local copy of the repository", () => createRepository(dir));
    await overNetwork(this.side, {
      what: `fetching ${this.side.url}`,
      kind: "fetch",
      dir,
      args: [
        "fetch",
        "--progress", // What says nothing for long is ended, and a big repository takes long.
        "--prune",
        "--no-tags",
        "--no-write-fetch-head",
        this.side.url,
        "+refs/heads/*:refs/heads/*",
        "+refs/tags/*:refs/tags/*",
      ],
      signal,
    });
    await this.#packRefs(dir, signal);
  }

  /** Workspaces read them from one file, which also has what each tag stands for. */
  async #packRefs(dir: string, signal: AbortSignal | undefined): Promise<void> {
    const tags = (await looseNames(dir, "refs/tags")).length;
    const manyBranches = (await looseNames(dir, "refs/heads")).length > MAX_LOOSE;
    if (tags === 0 && !manyBranches) return;
    await gitStep("packing the local copy's refs", () =>
      cleanGit(this.side, dir, { signal }).raw(["pack-refs", ...(manyBranches ? ["--all"] : [])]),
    );
  }

  async #replace(signal: AbortSignal | undefined): Promise<void> {
    const fill = (dir: string) => this.#fill(dir, signal);
    this.#quarantined = await replaceMirror({ dir: this.paths.dir, side: this.side, pins: PINS, fill, signal });
  }

  /**
   * A fetch asks for what the branches' ends lack, and does not look behind them. This does: at all commits, and at the
   * files of these and of a pin, that they are there. A mirror that lacks any is made again, once. @returns whether it was.
   */
  async verify(commits: readonly string[], pin: string, signal?: AbortSignal): Promise<boolean> {
    return this.#sound(signal, async () => {
      const git = cleanGit(this.side, this.paths.dir, { signal });
      const pinned = await readRef(this.paths.dir, `${PINS}/${pin}`);
      const all = [...commits, ...(pinned === null ? [] : [pinned])];
      await git.raw(["rev-list", "--quiet", ...all]);
      await git.raw(["rev-list", "--quiet", "--objects", "--no-walk", ...all]);
    });
  }

  /** For who has a reason to doubt it: reads every object. Once; @returns whether it was damaged, and is made again. */
  async repair(signal?: AbortSignal): Promise<boolean> {
    if (this.#doubted) return false;
    this.#doubted = true;
    return this.#sound(signal, async () => {
      const git = maintenanceGit(this.side, this.paths.dir, { signal });
      // Old histories have much that this check does not like, and are whole all the same: its exit code says nothing.
      await git.raw(["fsck", "--progress", "--no-dangling", "--no-reflogs"]);
    });
  }

  /** @returns whether the check found damage; the mirror is a new one then. */
  async #sound(signal: AbortSignal | undefined, check: () => Promise<void>): Promise<boolean> {
    if (this.#quarantined !== null) return false;
    const damaged = async () => {
      try {
        await check();
        return false;
      } catch (error) {
        signal?.throwIfAborted();
        return saysDamaged(String(error));
      }
    };
    if (!(await damaged())) return false;
    await this.#alone(signal, async () => {
      // Another run may have made it again while we waited.
      if (await damaged()) await this.#replace(signal);
    });
    return true;
  }

  /** One writer at a time: git's own locks make the second one fail instead of wait. */
  async #alone(signal: AbortSignal | undefined, work: () => Promise<unknown>): Promise<void> {
    await mkdir(dirname(this.paths.dir), { recursive: true });
    const held = await this.#lock(signal);
    try {
      await work();
    } finally {
      held.release();
    }
  }

  /** Another run's long fetch is no fault of this one: it waits without a slot, as for GitHub itself. */
  async #lock(signal: AbortSignal | undefined): Promise<Lock> {
    const timeoutMs = this.#lockWaitMs;
    try {
      return await lock(this.paths.lockFile, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      if (!(error instanceof LockTimeout)) throw error;
      const message = `the local copy of ${this.side.url} is in use by another run for longer than ${timeoutMs / 1000} s: waiting for it`;
      throw new StepFailure({ kind: "github", message }, { cause: error });
    }
  }

  /** Commit of a branch as it was at the last refresh; null where there is no such branch. */
  async branch(name: string): Promise<string | null> {
    return readRef(this.paths.dir, `refs/heads/${name}`);
  }

  async has(sha: string): Promise<boolean> {
    return (await commitOf(cleanGit(this.side, this.paths.dir), sha)) !== null;
  }

  /** Keeps a commit and everything that it needs, whatever happens to its branch. */
  async pin(name: string, sha: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await gitStep("pinning the base commit", () => writeOwnRef(this.#pinOf(name), sha));
  }

  async unpin(name: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const ref = this.#pinOf(name);
    await gitStep("releasing the base commit", async () => {
      if (await removeOwnRef(ref)) return;
      await cleanGit(this.side, ref.dir, { signal }).raw(["update-ref", "-d", ref.name]);
    });
  }

  /** A pin has one writer, the run that has its issue: no fetch is waited for. */
  #pinOf(name: string): OwnRef {
    return { dir: this.paths.dir, name: `${PINS}/${name}` };
  }

  /** What maintenance is decided by. */
  async size(signal?: AbortSignal): Promise<{ readonly looseObjects: number; readonly packs: number }> {
    const output = await cleanGit(this.side, this.paths.dir, { signal }).raw(["count-objects", "--verbose"]);
    const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(output)?.[1] ?? 0);
    return { looseObjects: count("count"), packs: count("packs") };
  }

  /**
   * Puts many small packs and single objects together. Never prunes: workspaces borrow objects from here that no branch of
   * GitHub's needs any more.
   */
  async pack(signal: AbortSignal): Promise<void> {
    await this.#alone(signal, async () => {
      await removeHalfPacks(this.paths.dir);
      await gitStep("packing the local copy of the repository", async () => {
        const git = maintenanceGit(this.side, this.paths.dir, { signal });
        await git.raw([...SMALL_MEMORY, "repack", "--quiet", "--geometric=2", "-d", "-n"]);
        await git.raw(["pack-refs", "--all"]);
      });
    });
  }

  /** A file's text as a commit has it; null where it has none, or it is larger than 1 MB. */
  async file(commit: string, path: string): Promise<string | null> {
    const git = cleanGit(this.side, this.paths.dir);
    const size = await git.raw(["ls-tree", "--long", commit, "--", path]);
    const match = /^100\d+ blob ([0-9a-f]+)\s+(\d+)\t/.exec(size);
    if (match === null || Number(match[2]) > MAX_FILE) return null;
    return gitStep(`reading ${path}`, () => git.raw(["cat-file", "blob", match[1] ?? ""]));
  }
}

/** What a git left that was interrupted, or had no more space. The caller holds the lock, so nobody else writes here. */
async function removeHalfPacks(dir: string): Promise<void> {
  const folder = join(dir, "objects", "pack");
  const names = await readdir(folder).catch(() => []); // Not made yet.
  for (const name of names) if (/^\.?tmp[-_]/.test(name)) await rm(join(folder, name), { force: true });
}
