import { isDeepStrictEqual } from "node:util";
import { clean, clip } from "@tac8/core/domain/plainText";
import { NOT_BROKEN_OFF } from "@tac8/core/domain/brokenOff";
import { StepFailure } from "@tac8/core/domain/failures";
import type { IssueFields } from "@tac8/core/state/issueState";
import type { RunContext } from "../run/context.ts";
import { AgentEnded } from "../run/planSettle.ts";
import { readEndNote, removeEndNote, writeEndNote, type EndNote } from "../workspace/endNote.ts";
import type { EnsuredWorkspace } from "../workspace/ensure.ts";
import { publishSaved } from "./publish.ts";
import { findConflicts } from "../workspace/save.ts";
import { save, type SavedWork } from "./save.ts";
import { withoutSecrets } from "./withoutSecrets.ts";
import { planFinish } from "./unchanged.ts";

/** Characters of paths in a message for people. */
const MAX_NAMED = 300;

/** The agent has done its work. Whatever hinders the hash from hearing of it, the next run of this data folder will know. */
export async function keepEnd(run: RunContext, note: EndNote): Promise<void> {
  try {
    await writeEndNote(run.paths, note);
  } catch (error) {
    // A full disk, say: all that is lost is what a crash just now would cost.
    run.log.warn({ err: error }, "the agent's end could not be noted on the disk");
  }
}

/**
 * Makes the work of an agent that is done safe: result, figures and head commit are in the hash after it. `recorded`: the
 * figures are on their way there, and waited for once the work is saved. @throws AgentEnded `no-changes`; `agent` where
 * it left conflicts, which are no work that is done; `unfinished` where it left a command running, and has no work to show.
 */
export async function finish(
  run: RunContext,
  { summary, leftRunning }: Pick<EndNote, "summary" | "leftRunning">,
  recorded: Promise<void>,
): Promise<void> {
  recorded.catch(() => undefined); // It may fail while something before its own wait fails, too.
  const worked = {
    summary,
    leftRunning,
    ...NOT_BROKEN_OFF,
    answer: null,
    checkpoint: "worked",
    workedAt: run.now,
  } as const;
  const conflicts = await findConflicts({ ...run.paths, place: run.place() });
  // The save makes a commit of them: whoever reads the note after that would take the work for finished.
  if (conflicts.length > 0) await removeEndNote(run.paths);
  let saved: SavedWork;
  try {
    saved = await save(run);
  } catch (error) {
    await recorded;
    // No space for a commit: it is made before it is published, and the agent is not paid twice.
    if (conflicts.length === 0 && isDiskFull(error)) await run.write({ ...worked, headSha: null });
    throw error;
  }
  await recorded;
  const { head } = saved;
  const facts = { summary, ...NOT_BROKEN_OFF, parked: 0, headSha: head };
  if (conflicts.length > 0) {
    const paths = clip(clean(conflicts.join(", ")), MAX_NAMED);
    const message = `the agent ended with conflicts that it had not resolved, in ${paths}`;
    await run.write({ ...facts, failure: "agent", reason: message });
    await publishSaved(run, saved);
    throw new AgentEnded({ kind: "agent", message });
  }
  let end = planFinish({ ...run.state, ...facts, headSha: head }, run.id);
  if (end !== null && end !== "new work" && leftRunning === null) {
    // They become a comment. Those of new work are checked with its commits.
    facts.summary = await withoutSecrets(run, "answer", summary);
    end = planFinish({ ...run.state, ...facts, headSha: head }, run.id);
  }
  if (leftRunning !== null && end !== "new work") {
    await run.write(facts);
    await removeEndNote(run.paths); // Its agent is asked again.
    throw new AgentEnded({ kind: "unfinished", message: leftRunning });
  }
  await run.write({ ...facts, ...(end === "new work" ? { ...worked, failure: null, reason: null } : end) });
  // The note stays then: until this is counted as a failure, it may be heard again.
  if (end === null)
    throw new AgentEnded({ kind: "no-changes", message: "the agent finished without changing anything" });
  await removeEndNote(run.paths);
}

/** What the hash was not told of an agent that had done its work: Redis was away, or the runner died. */
export async function findUnheardEnd(run: RunContext, how: EnsuredWorkspace["how"]): Promise<EndNote | null> {
  const note = await readEndNote(run.paths);
  return note !== null && isUnheard(note, run.state, { how, homeId: run.services.homeId }) ? note : null;
}

export interface NotePlace {
  /** How the workspace was found. */
  readonly how: EnsuredWorkspace["how"];
  /** Of this data folder. */
  readonly homeId: string;
}

/** Pure: the note is of the newest agent, of which the hash knows no end, and the workspace is what that one has left. */
export function isUnheard(
  { run }: Pick<EndNote, "run">,
  { checkpoint, agentRun, sessionHome }: Pick<IssueFields, "checkpoint" | "agentRun" | "sessionHome">,
  { how, homeId }: NotePlace,
): boolean {
  // What was not committed is lost with a worktree.
  const asLeft = how === "reused" || how === "forwarded" || how === "rebased";
  return checkpoint === "prepared" && run === agentRun && sessionHome === homeId && asLeft;
}

/** The same as after an agent, without one. */
export async function finishLate(
  run: RunContext,
  { summary, leftRunning, usage, models, denied, blockedHosts, reason, evidence }: EndNote,
): Promise<void> {
  run.log.info("the agent had done its work before its run was lost");
  const known = isDeepStrictEqual(run.state.usage, usage);
  await finish(
    run,
    { summary, leftRunning },
    known ? Promise.resolve() : run.record({ usage, models, denied, blockedHosts }, "agent", { reason, evidence }),
  );
}

function isDiskFull(error: unknown): boolean {
  return error instanceof StepFailure && error.failure.kind === "disk";
}
