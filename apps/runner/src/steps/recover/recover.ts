import type { IssueRecord, RecordPart } from "@tac8/core/state/issueState";
import type { StepRecord } from "../../run/record.ts";
import type { StepWorkspace } from "../../run/step.ts";
import { readEndNote, removeEndNote, type EndNote } from "../../workspace/endNote.ts";
import type { EnsuredWorkspace } from "../../workspace/ensure.ts";
import { findQuestion, removePrivateFiles } from "../../workspace/privateFiles.ts";

/** What an agent of a run before this one has left, and no run has recorded. */
export type Recovered =
  { readonly kind: "question"; readonly text: string } | { readonly kind: "finished"; readonly note: EndNote };

export interface RecoverNeeds extends StepWorkspace {
  readonly record: StepRecord<never>;
  /** Id of the data folder: notes and sessions live in one. */
  readonly homeId: string;
}

export interface RecoverInput extends Pick<NotePlace, "how"> {
  readonly baseSha: string;
}

/**
 * Find what a lost run's agent has asked or finished: Redis was unreachable, or the runner died. Comes before the record says
 * `prepared`, so it reads the record of that run; removes what else is there of questions and notes, which would be taken for
 * this run's. Null: there is nothing.
 */
export async function recover(run: RecoverNeeds, { baseSha, how }: RecoverInput): Promise<Recovered | null> {
  const { paths, homeId } = run;
  const text = mayHaveAsked(run.record.state, homeId)
    ? await findQuestion(run.place, paths.tree, () => run.mirror.file(baseSha, "BLOCKED.md"))
    : null;
  // Half a file, which may be an empty one, is none.
  if (text !== null && text.trim() !== "") {
    await removeEndNote(paths);
    return { kind: "question", text };
  }
  await removePrivateFiles(run.place, paths.tree);
  const note = await readEndNote(paths);
  if (note !== null && isNotRecorded(note, run.record.state, { how, homeId })) return { kind: "finished", note };
  await removeEndNote(paths);
  return null;
}

/** After a run that has prepared a workspace, a question there is its agent's: nothing else can have written it. Pure. */
function mayHaveAsked({ checkpoint, agent: { session, sessionHome } }: IssueRecord, homeId: string): boolean {
  return checkpoint === "prepared" && session !== null && sessionHome === homeId;
}

export interface NotePlace {
  /** How the workspace was found. */
  readonly how: EnsuredWorkspace["how"];
  /** Of this data folder. */
  readonly homeId: string;
}

/** Pure: the note is of the newest agent, of which the hash knows no end, and the workspace is what that one has left. */
export function isNotRecorded(
  { run }: Pick<EndNote, "run">,
  { checkpoint, agent: { run: agentRun, sessionHome } }: RecordPart<"checkpoint" | "agent.run" | "agent.sessionHome">,
  { how, homeId }: NotePlace,
): boolean {
  // What was not committed is lost with a worktree.
  const asLeft = how === "reused" || how === "forwarded" || how === "rebased";
  return checkpoint === "prepared" && run === agentRun && sessionHome === homeId && asLeft;
}
