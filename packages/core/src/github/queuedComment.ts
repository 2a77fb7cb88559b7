import type { IssueRef } from "../domain/reference.ts";
import { findMarked, type Marker } from "../domain/marker.ts";
import { statusText } from "../outgoing/texts.ts";
import type { GitHub } from "./client.ts";

export interface QueuedComment {
  readonly github: Pick<GitHub, "comments" | "createComment" | "updateComment">;
  readonly ref: IssueRef;
  /** Of the token's account; null: not known yet. */
  readonly login: string | null;
  /** The label that starts work. */
  readonly trigger: string;
  /** ISO time. */
  readonly since: string;
  readonly signal: AbortSignal;
}

/** The status comment before any run. A run finds it by its marker, and it becomes the run's. */
const BEFORE_RUNS: Marker = {
  v: 1,
  kind: "status",
  run: "",
  outcome: null,
  label_event_id: 0,
  published_sha: null,
  question_id: null,
};

/**
 * Makes the status comment say that the issue waits. Only for an issue whose job is not in the queue, so that no run makes
 * one at the same time. `known` is false where we remember nothing of the issue: then the comment of an ended run stays as it
 * is, because its marker is all that tells which label was used up.
 */
export async function showQueued(options: QueuedComment, { known }: { known: boolean }): Promise<void> {
  const { github, ref, signal } = options;
  const found = await find(options);
  if (found === undefined) {
    await github.createComment(ref, ref.number, { marker: BEFORE_RUNS, text: text(options, "queued") }, { signal });
    return;
  }
  if (!known && found.marker.outcome !== null) return;
  const words = { marker: found.marker, text: text(options, "queued") };
  await github.updateComment(ref, found.comment.id, words, { signal });
}

/** Where the status comment was there before any run, it now says that there will be none. */
export async function showWithdrawn(options: QueuedComment): Promise<void> {
  const { github, ref, signal } = options;
  const found = await find(options);
  if (found?.marker.run !== BEFORE_RUNS.run) return;
  const words = { marker: found.marker, text: text(options, "withdrawn") };
  await github.updateComment(ref, found.comment.id, words, { signal });
}

async function find({ github, ref, login, signal }: QueuedComment) {
  return findMarked(await github.comments(ref, ref.number, { signal }), login, "status")[0];
}

function text({ since, trigger }: QueuedComment, state: "queued" | "withdrawn"): string {
  const facts = { runner: null, branch: null, prNumber: null, headSha: null, usage: null, reason: null };
  return statusText({ ...facts, state, since }, { trigger });
}
