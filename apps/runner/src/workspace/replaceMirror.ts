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
  /** Folder of the damaged mirror. */
  readonly dir: string;
  readonly side: CleanSide;
  /** Namespace of tac8's own refs. */
  readonly pins: string;
  /** Create a complete mirror in this folder. */
  readonly fill: (dir: string) => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Replace a damaged mirror by a new one. The damaged mirror is quarantined until the next replacement. Running agents borrow from the
 * old mirror until the new one is complete. The caller holds the mirror's lock.
 * @returns the path of the damaged mirror. @throws StepFailure of kind `git` or `disk`; the damaged mirror is then in its place
 */
export async function replaceMirror({ dir, side, pins, fill, signal }: ReplaceOptions): Promise<string> {
  const fresh = `${dir}.new`;
  await rm(fresh, { recursive: true, force: true }); // A leftover of an interrupted replacement.
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

/** Read the pins from the files, because git may not work in a damaged mirror. */
async function pinsOf(dir: string, namespace: string): Promise<Pin[]> {
  const pins = new Map<string, string>();
  const packed = await readFile(join(dir, "packed-refs"), "utf8").catch(() => "");
  for (const [, sha = "", ref = ""] of packed.matchAll(/^([0-9a-f]{40,64}) (\S+)$/gm)) {
    if (ref.startsWith(`${namespace}/`)) pins.set(ref, sha);
  }
  const folder = join(dir, namespace);
  const loose = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of loose) {
    const text = await readFile(join(folder, name), "utf8").catch(() => ""); // The entry is a folder.
    const sha = /^([0-9a-f]{40,64})\n$/.exec(text)?.[1];
    if (sha !== undefined) pins.set(`${namespace}/${name}`, sha);
  }
  return [...pins].map(([ref, sha]) => ({ ref, sha }));
}

/** Copy pinned commits from the damaged mirror, as far as they are intact, because they may no longer be on a branch of GitHub. */
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
    // A git that was killed or had no disk space proves nothing about the commits. Too many error messages mean damage.
    if ((exitCode === undefined && !isMaxBuffer) || saysDiskFull(stderr)) {
      throw new StepFailure(localFailure("copying commits from the damaged mirror", stderr || "it was killed"));
    }
    if (exitCode !== 0) return; // The commit is damaged. A workspace that needs it also counts as damaged.
  }
  await git.raw(["update-ref", ref, sha]);
}

/** Remove older damaged mirrors. One is enough for the operator, and many would fill the disk. */
async function removeOlder(dir: string, newest: string): Promise<void> {
  const parent = dirname(dir);
  const older = (await readdir(parent)).filter((name) => name.startsWith(`${basename(dir)}.kept-`));
  for (const name of older) {
    if (name !== basename(newest)) await rm(join(parent, name), { recursive: true, force: true });
  }
}
