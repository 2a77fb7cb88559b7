import { randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { StepFailure } from "@tac8/core/domain/failures";
import { execa } from "execa";
import { cleanEnv, cleanGit, type CleanSide } from "../git/cleanSide.ts";
import { saysDiskFull } from "../git/diskFull.ts";
import { localFailure } from "../git/errors.ts";
import { commitOf } from "../git/openGit.ts";

export interface ReplaceOptions {
  /** The damaged mirror. */
  readonly dir: string;
  readonly side: CleanSide;
  /** Namespace of our own refs. */
  readonly pins: string;
  /** Makes a whole mirror in this folder. */
  readonly fill: (dir: string) => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Puts a new mirror in the place of a damaged one, which is kept beside it until the next one takes its place. What runs
 * meanwhile borrows from the old one until the new one is complete. The caller holds the mirror's lock.
 * @returns where the damaged one is. @throws StepFailure of kind `git` or `disk`; the damaged one is in its place then.
 */
export async function replaceMirror({ dir, side, pins, fill, signal }: ReplaceOptions): Promise<string> {
  const fresh = `${dir}.new`;
  await rm(fresh, { recursive: true, force: true }); // Of one that was broken off.
  try {
    await fill(fresh);
    for (const pin of await pinsOf(dir, pins)) await carryOver(pin, { dir, fresh, side, signal });
    const quarantined = `${dir}.kept-${randomUUID().slice(0, 8)}`;
    await rename(dir, quarantined);
    await rename(fresh, dir);
    await removeOlder(dir, quarantined);
    return quarantined;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

interface Pin {
  readonly ref: string;
  readonly sha: string;
}

/** Read from the files: git may not work there at all. */
async function pinsOf(dir: string, namespace: string): Promise<Pin[]> {
  const pins = new Map<string, string>();
  const packed = await readFile(join(dir, "packed-refs"), "utf8").catch(() => "");
  for (const [, sha = "", ref = ""] of packed.matchAll(/^([0-9a-f]{40,64}) (\S+)$/gm)) {
    if (ref.startsWith(`${namespace}/`)) pins.set(ref, sha);
  }
  const folder = join(dir, namespace);
  const loose = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of loose) {
    const text = await readFile(join(folder, name), "utf8").catch(() => ""); // A folder.
    const sha = /^([0-9a-f]{40,64})\n$/.exec(text)?.[1];
    if (sha !== undefined) pins.set(`${namespace}/${name}`, sha);
  }
  return [...pins].map(([ref, sha]) => ({ ref, sha }));
}

/** Pinned commits may be on no branch of GitHub's any more: what is whole of them comes from the damaged mirror. */
async function carryOver(
  { ref, sha }: Pin,
  { dir, fresh, side, signal }: Omit<ReplaceOptions, "pins" | "fill"> & { fresh: string },
) {
  const git = cleanGit(side, fresh, { signal });
  if ((await commitOf(git, sha)) === null) {
    const heads = await git.raw(["for-each-ref", "--format=%(objectname)", "refs/heads"]);
    const { exitCode, stderr, isMaxBuffer } = await execa(
      "git",
      ["pack-objects", "--quiet", "--revs", join(fresh, "objects/pack/pack")],
      {
        cwd: fresh,
        extendEnv: false,
        env: { ...cleanEnv(side, fresh), GIT_ALTERNATE_OBJECT_DIRECTORIES: join(dir, "objects") },
        input: `${sha}\n--not\n${heads}\n`,
        maxBuffer: 20_000,
        reject: false,
        ...(signal === undefined ? {} : { cancelSignal: signal }),
      },
    );
    signal?.throwIfAborted();
    // Killed for want of memory, or out of space: that says nothing of the commits. Too many complaints do.
    if ((exitCode === undefined && !isMaxBuffer) || saysDiskFull(stderr)) {
      throw new StepFailure(
        localFailure("carrying commits over from the damaged repository", stderr || "it was killed"),
      );
    }
    if (exitCode !== 0) return; // It is damaged itself: a workspace that needs it counts as damaged too.
  }
  await git.raw(["update-ref", ref, sha]);
}

/** One is enough to read; a disk would not hold many. */
async function removeOlder(dir: string, newest: string): Promise<void> {
  const parent = dirname(dir);
  const older = (await readdir(parent)).filter((name) => name.startsWith(`${basename(dir)}.kept-`));
  for (const name of older) {
    if (name !== basename(newest)) await rm(join(parent, name), { recursive: true, force: true });
  }
}
