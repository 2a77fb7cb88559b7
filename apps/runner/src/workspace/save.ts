import { join } from "node:path";
import { PRIVATE_FILES } from "../files/privateFileNames.ts";
import { commitMessage } from "@tac8/core/outgoing/outgoing";
import type { LeftOut } from "@tac8/core/domain/leftOut";
import { gitStep } from "../git/errors.ts";
import type { Git } from "../git/openGit.ts";
import { readText } from "../files/files.ts";
import { gitIn, type AgentPlace } from "../place/place.ts";
import { withoutDrivers } from "./drivers.ts";
import { stage, unstage } from "./stage.ts";
import { removeStaleLocks } from "./staleLocks.ts";
import { readUncommitted, textOf } from "./uncommitted.ts";

const MAX_CONFLICTS = 20;
const MAX_FILE = 4 * 1024 * 1024;

export interface SaveOptions {
  readonly tree: string;
  /** The workspace's repository. What is locked in it a dead git has left: the agent ended, and the caller holds the workspace. */
  readonly gitDir: string;
  readonly place: AgentPlace;
  readonly baseSha: string;
  readonly message: string;
  /** Gets the paths with conflicts that nobody has resolved, at most 20, before anything is committed. */
  readonly onConflicts?: (paths: readonly string[]) => Promise<void>;
}

export interface Saved {
  readonly head: string;
  /** Branch that HEAD is on, by its short name; null: it is on none. */
  readonly branch: string | null;
  /** HEAD as it was found. */
  readonly before: string | null;
  /** What was not committed before, and is now. */
  readonly added: readonly string[];
  /** What is in no commit. */
  readonly unsaved: readonly LeftOut[];
}

/**
 * Commits what the agent left uncommitted, without hooks and signing, but for what is no work or cannot be read
 * (`leaveOut.ts`), and leaves our private files out.
 */
export async function saveWork(options: SaveOptions): Promise<Saved> {
  const { tree, gitDir, place: given, baseSha, message, onConflicts } = options;
  await removeStaleLocks(given, gitDir);
  const place = await withoutDrivers(given, { tree, gitDir });
  const git = gitIn(place, tree);
  return gitStep("saving the work in the workspace", async () => {
    const { head: before, branch, nothing, save, left, staged, unmerged } = await readUncommitted({ tree, place });
    await onConflicts?.(await findConflicts({ tree, place }, unmerged));
    if (staged.length > 0) await unstage({ tree, place }, staged);
    const refused = await stage({ tree, place }, save);
    const conflicting = refused.filter((path) => unmerged.has(path));
    if (conflicting.length > 0) await unstage({ tree, place }, conflicting);
    // As the base has them, also when the agent has staged or committed one.
    const shown = PRIVATE_FILES.map(exactly);
    const isShown = (await git.raw(["diff", "--cached", "--name-only", baseSha, "--", ...shown])) !== "";
    if (isShown) await git.raw(["reset", "--quiet", baseSha, "--", ...shown]);
    const isRefused = new Set(refused);
    const added = save.filter((path) => !isRefused.has(path)).map(textOf);
    const unsaved = [...left, ...refused.map((path) => ({ path: textOf(path), why: "refused" as const }))];
    const isClean = before !== null && nothing && !isShown;
    if (isClean || (await git.raw(["diff", "--cached", "--name-only", "HEAD"])) === "") {
      return { head: before ?? (await headOf(git)), branch, before, added: [], unsaved };
    }
    await git.raw(["commit", "--quiet", "--no-verify", "-m", commitMessage(message)]);
    return { head: await headOf(git), branch, before, added, unsaved };
  });
}

async function headOf(git: Git): Promise<string> {
  return git.raw(["rev-parse", "--verify", "HEAD^{commit}"]);
}

/** Return those paths, at most 20, whose files show a conflict: of a resolved one that was not staged, the index still has it. */
export async function findConflicts(
  { tree, place }: Pick<SaveOptions, "tree" | "place">,
  unmerged: ReadonlySet<string>,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of [...unmerged].slice(0, MAX_CONFLICTS).map(textOf)) {
    const text = await readText(place, join(tree, path), MAX_FILE);
    if (text !== null && /^<{7} /m.test(text)) found.push(path);
  }
  return found;
}

function exactly(path: string): string {
  return `:(top,literal)${path}`;
}
