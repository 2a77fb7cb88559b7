import { join } from "node:path";
import { MESSAGE_FILES } from "../files/messageFileNames.ts";
import { commitMessage } from "@tac8/core/outgoing/outgoing";
import type { LeftOut } from "@tac8/core/domain/leftOut";
import { gitStep } from "../git/errors.ts";
import type { Git } from "../git/openGit.ts";
import { readText } from "../files/files.ts";
import { gitIn, type AgentPlace } from "../agentPlace/place.ts";
import { withoutGitDrivers } from "./gitDrivers.ts";
import { stage, unstage } from "./stage.ts";
import { removeStaleLocks } from "./staleLocks.ts";
import { readUncommitted, textOf } from "./uncommitted.ts";

const MAX_CONFLICTS = 20;
const MAX_FILE = 4 * 1024 * 1024;

export interface SaveOptions {
  readonly tree: string;
  /** The workspace's repository. Its locks are from a dead git, because the agent ended and the caller holds the workspace's lock. */
  readonly gitDir: string;
  readonly place: AgentPlace;
  /** Commit whose versions of message files the new commit keeps. */
  readonly baseSha: string;
  readonly message: string;
  /** Called with the paths that have unresolved conflicts, at most 20, before anything is committed. */
  readonly onConflicts?: (paths: readonly string[]) => Promise<void>;
}

export interface Saved {
  readonly head: string;
  /** Short name of HEAD's branch; null if HEAD is detached. */
  readonly branch: string | null;
  /** HEAD before the save. */
  readonly before: string | null;
  /** Paths that the save has committed. */
  readonly added: readonly string[];
  /** Paths that were not committed. */
  readonly unsaved: readonly LeftOut[];
}

/**
 * Commit the uncommitted changes of the agent, without hooks and signing. Files that are no work or cannot be read (`leaveOut.ts`), and
 * message files, are left out.
 */
export async function saveWork(options: SaveOptions): Promise<Saved> {
  const { tree, gitDir, place: given, baseSha, message, onConflicts } = options;
  await removeStaleLocks(given, gitDir);
  const place = await withoutGitDrivers(given, { tree, gitDir });
  const git = gitIn(place, tree);
  return gitStep("saving the work in the workspace", async () => {
    const { head: before, branch, nothing, save, left, staged, unmerged } = await readUncommitted({ tree, place });
    await onConflicts?.(await findConflicts({ tree, place }, unmerged));
    if (staged.length > 0) await unstage({ tree, place }, staged);
    const refused = await stage({ tree, place }, save);
    const conflicting = refused.filter((path) => unmerged.has(path));
    if (conflicting.length > 0) await unstage({ tree, place }, conflicting);
    // The commit has them as in the base, even if the agent has staged or committed them.
    const shown = MESSAGE_FILES.map(exactly);
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

/** Return the paths, at most 20, whose files have conflict markers. In the index, a resolved but unstaged conflict is still a conflict. */
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
