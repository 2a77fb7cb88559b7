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
import { mayMeanDamage, saysDamaged } from "./damage.ts";
import { replaceMirror } from "./replaceMirror.ts";

/** How long a run waits for the lock of the mirror. Most fetches take seconds, and a waiting run uses a slot. */
export const LOCK_WAIT_MS = 2 * 60_000;
const MAX_FILE = 1_000_000;
/** Maximum number of branches that are stored as separate files. */
const MAX_LOOSE = 200;
const PINS = "refs/tac8";
/** Options that limit the memory of a fetch, because agents run at the same time on small machines such as a Raspberry Pi. */
const SMALL_MEMORY = ["-c", "pack.threads=1", "-c", "pack.windowMemory=64m"];

/**
 * The mirror of a repository: a bare copy of GitHub's branches and tags on the clean side, shared by all of its issues. Agents read its
 * objects (through `objects/info/alternates`) and write nothing here.
 */
export class Mirror {
  readonly paths: MirrorPaths;
  readonly cleanSide: CleanSide;
  readonly #lockWaitMs: number;
  #doubted = false;
  #quarantined: string | null = null;

  constructor(paths: MirrorPaths, cleanSide: CleanSide, { lockWaitMs = LOCK_WAIT_MS }: { lockWaitMs?: number } = {}) {
    this.paths = paths;
    this.cleanSide = cleanSide;
    this.#lockWaitMs = lockWaitMs;
  }

  /** Path of the damaged mirror that this one has replaced; null if there was no damage. */
  get quarantined(): string | null {
    return this.#quarantined;
  }

  /** Update all branches and tags. Locks of a killed fetch are removed first, and a damaged mirror is replaced, once. */
  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#alone(signal, async () => {
      try {
        await this.#fill(this.paths.dir, signal);
      } catch (error) {
        signal?.throwIfAborted(); // After an interruption of git the repository seems to be damaged.
        if (this.#quarantined !== null || !mayMeanDamage(error)) throw error;
        await this.#replace(signal);
      }
    });
  }

  async #fill(dir: string, signal: AbortSignal | undefined): Promise<void> {
    await removeStaleLocks(localFiles, dir, [PINS]);
    await removeHalfPacks(dir);
    await gitStep("preparing the mirror of the repository", () => createRepository(dir));
    await overNetwork(this.cleanSide, {
      what: `fetching ${this.cleanSide.url}`,
      kind: "fetch",
      dir,
      args: [
        "fetch",
        "--progress", // A git without output is ended after a while, and a fetch of a big repository takes long.
        "--prune",
        "--no-tags",
        "--no-write-fetch-head",
        this.cleanSide.url,
        "+refs/heads/*:refs/heads/*",
        "+refs/tags/*:refs/tags/*",
      ],
      signal,
    });
    await this.#packRefs(dir, signal);
  }

  /** Pack the refs into one file, which workspaces read. It also has the commits of annotated tags. */
  async #packRefs(dir: string, signal: AbortSignal | undefined): Promise<void> {
    const tags = (await looseNames(dir, "refs/tags")).length;
    const manyBranches = (await looseNames(dir, "refs/heads")).length > MAX_LOOSE;
    if (tags === 0 && !manyBranches) return;
    await gitStep("packing the refs of the mirror", () =>
      cleanGit(this.cleanSide, dir, { signal }).raw(["pack-refs", ...(manyBranches ? ["--all"] : [])]),
    );
  }

  async #replace(signal: AbortSignal | undefined): Promise<void> {
    const fill = (dir: string) => this.#fill(dir, signal);
    this.#quarantined = await replaceMirror({ dir: this.paths.dir, side: this.cleanSide, pins: PINS, fill, signal });
  }

  /**
   * Check that the mirror has all commits, and the files of the given commits and of a pin. A fetch only checks the ends of the
   * branches. An incomplete mirror is replaced, once. @returns whether it was replaced
   */
  async verify(commits: readonly string[], pin: string, signal?: AbortSignal): Promise<boolean> {
    return this.#sound(signal, async () => {
      const git = cleanGit(this.cleanSide, this.paths.dir, { signal });
      const pinned = await readRef(this.paths.dir, `${PINS}/${pin}`);
      const all = [...commits, ...(pinned === null ? [] : [pinned])];
      await git.raw(["rev-list", "--quiet", ...all]);
      await git.raw(["rev-list", "--quiet", "--objects", "--no-walk", ...all]);
    });
  }

  /** Read every object, and replace the mirror if it is damaged. Called once there are signs of damage, and done once. @returns whether it was replaced */
  async repair(signal?: AbortSignal): Promise<boolean> {
    if (this.#doubted) return false;
    this.#doubted = true;
    return this.#sound(signal, async () => {
      const git = maintenanceGit(this.cleanSide, this.paths.dir, { signal });
      // The exit code is ignored, because the check also fails for flaws of old histories that are complete.
      await git.raw(["fsck", "--progress", "--no-dangling", "--no-reflogs"]);
    });
  }

  /** Run a check, and replace the mirror if the check finds damage. @returns whether the mirror was replaced */
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
      // Another run may have replaced the mirror during the wait.
      if (await damaged()) await this.#replace(signal);
    });
    return true;
  }

  /** Do work as the only writer. With git's own locks the second writer would fail instead of wait. */
  async #alone(signal: AbortSignal | undefined, work: () => Promise<unknown>): Promise<void> {
    await mkdir(dirname(this.paths.dir), { recursive: true });
    const held = await this.#lock(signal);
    try {
      await work();
    } finally {
      held.release();
    }
  }

  /** Take the lock of the mirror. If another run fetches for long, the job waits without a slot, as for GitHub. */
  async #lock(signal: AbortSignal | undefined): Promise<Lock> {
    const timeoutMs = this.#lockWaitMs;
    try {
      return await lock(this.paths.lockFile, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      if (!(error instanceof LockTimeout)) throw error;
      const message = `another run has used the mirror of ${this.cleanSide.url} for longer than ${timeoutMs / 1000} s: the job waits for it`;
      throw new StepFailure({ kind: "github", message }, { cause: error });
    }
  }

  /** Return the commit of a branch at the last refresh; null if the branch does not exist. */
  async branch(name: string): Promise<string | null> {
    return readRef(this.paths.dir, `refs/heads/${name}`);
  }

  async has(sha: string): Promise<boolean> {
    return (await commitOf(cleanGit(this.cleanSide, this.paths.dir), sha)) !== null;
  }

  /** Keep a commit and its objects, whatever happens to its branch. */
  async pin(name: string, sha: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await gitStep("pinning the base commit", () => writeOwnRef(this.#pinOf(name), sha));
  }

  async unpin(name: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const ref = this.#pinOf(name);
    await gitStep("releasing the base commit", async () => {
      if (await removeOwnRef(ref)) return;
      await cleanGit(this.cleanSide, ref.dir, { signal }).raw(["update-ref", "-d", ref.name]);
    });
  }

  /** Return the ref of a pin. Its only writer is the run of its issue, so it does not wait for a fetch. */
  #pinOf(name: string): OwnRef {
    return { dir: this.paths.dir, name: `${PINS}/${name}` };
  }

  /** Return the numbers that decide about maintenance. */
  async size(signal?: AbortSignal): Promise<{ readonly looseObjects: number; readonly packs: number }> {
    const output = await cleanGit(this.cleanSide, this.paths.dir, { signal }).raw(["count-objects", "--verbose"]);
    const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(output)?.[1] ?? 0);
    return { looseObjects: count("count"), packs: count("packs") };
  }

  /**
   * Combine small packs and loose objects. Objects are never pruned, because workspaces borrow objects that no branch on GitHub needs
   * any more.
   */
  async pack(signal: AbortSignal): Promise<void> {
    await this.#alone(signal, async () => {
      await removeHalfPacks(this.paths.dir);
      await gitStep("packing the mirror of the repository", async () => {
        const git = maintenanceGit(this.cleanSide, this.paths.dir, { signal });
        await git.raw([...SMALL_MEMORY, "repack", "--quiet", "--geometric=2", "-d", "-n"]);
        await git.raw(["pack-refs", "--all"]);
      });
    });
  }

  /** Return the text of a file in a commit; null if the file is missing or larger than 1 MB. */
  async file(commit: string, path: string): Promise<string | null> {
    const git = cleanGit(this.cleanSide, this.paths.dir);
    const size = await git.raw(["ls-tree", "--long", commit, "--", path]);
    const match = /^100\d+ blob ([0-9a-f]+)\s+(\d+)\t/.exec(size);
    if (match === null || Number(match[2]) > MAX_FILE) return null;
    return gitStep(`reading ${path}`, () => git.raw(["cat-file", "blob", match[1] ?? ""]));
  }
}

/** Remove incomplete packs of a git that was interrupted or had no disk space. The caller holds the lock, so there is no other writer. */
async function removeHalfPacks(dir: string): Promise<void> {
  const folder = join(dir, "objects", "pack");
  const names = await readdir(folder).catch(() => []); // The folder does not exist yet.
  for (const name of names) if (/^\.?tmp[-_]/.test(name)) await rm(join(folder, name), { force: true });
}
