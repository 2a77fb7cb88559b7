import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PRIVATE_FILES } from "@tac8/core/domain/privateFiles";
import { StepFailure } from "@tac8/core/domain/failures";
import { cleanGit, type CleanSide, type MirrorPaths } from "../git/cleanSide.ts";
import { commitOf, mergeBase } from "../git/openGit.ts";
import { gitStep } from "../git/errors.ts";
import { createRepository } from "../git/sanitizeRepository.ts";
import { gitIn, type AgentPlace } from "../place/place.ts";
import { streamBundle } from "./bundle.ts";
import { unbundle } from "./unbundle.ts";

export interface IncomingOptions {
  readonly mirror: MirrorPaths;
  readonly clean: CleanSide;
  readonly agent: AgentPlace;
  readonly tree: string;
  readonly baseSha: string;
  /** Further commits that the mirror may have: what it has need not be carried over. */
  readonly known: readonly string[];
  readonly runId: string;
}

/** The agent's commits in a throwaway repository of the clean side, checked. */
export interface Incoming {
  readonly dir: string;
  readonly head: string;
  /** Commits that the base has not. */
  readonly commits: number;
  /** They change something, all together. */
  readonly isChanged: boolean;
}

const WORK = "refs/heads/work";

/** Takes the commits across, hands them to `use`, and removes the throwaway repository whatever happens. */
export async function withIncoming<T>(options: IncomingOptions, use: (incoming: Incoming) => Promise<T>): Promise<T> {
  const dir = incomingDir(options.mirror, options.runId);
  await removeIncoming(options.mirror, options.runId);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  try {
    return await use(await take(options, dir));
  } finally {
    await removeIncoming(options.mirror, options.runId);
  }
}

/** Takes away what a run has left of its throwaway repository; also for one whose runner died. */
export async function removeIncoming(mirror: MirrorPaths, runId: string): Promise<void> {
  await rm(incomingDir(mirror, runId), { recursive: true, force: true, maxRetries: 3 });
}

function incomingDir({ incoming }: MirrorPaths, runId: string): string {
  return join(incoming, `${runId}.git`);
}

async function take(options: IncomingOptions, dir: string): Promise<Incoming> {
  const { clean, agent, tree, baseSha, known } = options;
  const git = cleanGit(clean, dir, { signal: agent.signal });
  await gitStep("preparing the check of the commits", () => createRepository(dir, clean.mirrorDir));
  const wanted = await commitOf(gitIn(agent, tree), "HEAD");
  if (wanted !== null && (await commitOf(git, wanted)) !== null) {
    // GitHub has them all: saved by an earlier run. An empty bundle would be an error.
    await git.raw(["update-ref", WORK, wanted]);
  } else {
    const file = join(dir, "incoming.bundle");
    const ours: string[] = [];
    for (const sha of new Set([baseSha, ...known])) if ((await commitOf(git, sha)) !== null) ours.push(sha);
    await streamBundle({ tree, place: agent, known: ours, file });
    const taken = await unbundle({ side: clean, dir, file, signal: agent.signal });
    await gitStep("checking the commits", () => git.raw(["update-ref", WORK, taken]));
  }
  const head = await gitStep("checking the commits", () => git.raw(["rev-parse", "--verify", `${WORK}^{commit}`]));
  const shared = await gitStep("comparing the commits with the base", () => mergeBase(git, baseSha, head));
  if (shared === null) {
    const message = "the agent's commits have no history in common with the base branch: they cannot be a pull request";
    throw new StepFailure({ kind: "refused", message });
  }
  const left = await gitStep("checking the commits", () =>
    git.raw(["diff-tree", "--name-only", "--no-renames", baseSha, head, "--", ...PRIVATE_FILES]),
  );
  if (left !== "") {
    const message = `${left.split("\n").join(", ")} is still in the agent's commits: they were not published`;
    throw new StepFailure({ kind: "git", message });
  }
  const commits = Number(
    await gitStep("counting the commits", () => git.raw(["rev-list", "--count", `${baseSha}..${head}`])),
  );
  const trees = await gitStep("comparing the commits with the base", () =>
    git.raw(["rev-parse", `${shared}^{tree}`, `${head}^{tree}`]),
  );
  const [before, after] = trees.split("\n");
  return { dir, head, commits, isChanged: before !== after };
}
