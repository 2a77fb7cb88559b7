import { protect, type Notable } from "@tac8/core/protection/protect";
import type { MessageEffects } from "@tac8/core/outgoing/texts";
import { readMessageEffects } from "../../airlock/messageEffects.ts";
import { rangesOf } from "../../airlock/ranges.ts";
import { largeFiles } from "../../airlock/large.ts";
import { runCleanGitIn } from "../../git/cleanSide.ts";
import type { PublishNeeds } from "./needs.ts";
import { baseCommit, compareWithBase, type Outgoing } from "./compareWithBase.ts";

/** Notes about the commits for the text of a pull request. */
export interface Notes {
  readonly messageEffects: MessageEffects;
  /** Changes that reviewers should read; null if the changes could not be read. */
  readonly notable: readonly Notable[] | null;
}

/** Return the notes for the pull request's text. If git fails, the text says so or leaves them out. */
export async function notesOf(run: PublishNeeds, outgoing: Outgoing): Promise<Notes> {
  return { messageEffects: await findMessageEffects(run, outgoing), notable: await findNotable(run, outgoing) };
}

/** Return the notes for commits that an earlier run has pushed. */
export async function notesOfPublished(run: PublishNeeds, base: string): Promise<Notes> {
  const head = run.record.state.branch.head ?? "";
  const { dir } = run.mirror.paths;
  try {
    await run.mirror.refresh(run.signal);
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.warn(
      { err: error },
      "could not fetch the published commits: the pull request's text does not list their changes",
    );
  }
  const ranges = rangesOf(runCleanGitIn(run.mirror.cleanSide, dir, { signal: run.signal }));
  return notesOf(run, { dir, head, base, ranges });
}

async function findMessageEffects(run: PublishNeeds, { head, base, ranges }: Outgoing): Promise<MessageEffects> {
  const { ref } = run.issue;
  try {
    return await readMessageEffects({ ranges, base: await baseCommit(run, base), head, own: ref.number });
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.warn(
      { err: error },
      "could not check whether the commits' messages close issues: the pull request's text does not warn about it",
    );
    return { commits: [], isWhole: false };
  }
}

async function findNotable(run: PublishNeeds, outgoing: Outgoing): Promise<readonly Notable[] | null> {
  try {
    const { changes, git } = await compareWithBase(run, outgoing);
    const large = (await largeFiles(git, changes)).map(({ path, bytes }): Notable => ({
      subject: "large",
      path,
      note: `${bytes >> 20} MB`,
    }));
    return [...protect(changes, run.protected).notable, ...large];
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.warn({ err: error }, "could not read which changed files need attention: the pull request's text says so");
    return null;
  }
}
