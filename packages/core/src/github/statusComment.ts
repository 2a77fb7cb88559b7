import type { IssueRef } from "../domain/reference.ts";
import { findMarked, type Marker } from "../domain/marker.ts";
import { statusText } from "../outgoing/texts.ts";
import type { GitHub } from "./client.ts";
import type { Comment } from "./types.ts";

/** An issue, and the access to its status comment. The scheduler writes the comment before any run, and then each run of the issue does. */
export interface StatusCommentAccess {
  readonly github: Pick<GitHub, "comments" | "createComment" | "updateComment">;
  readonly ref: IssueRef;
  /** Login of the token's account; null: not known yet. */
  readonly login: string | null;
  readonly signal: AbortSignal;
}

export interface StatusWords {
  readonly marker: Marker;
  /** Markdown. */
  readonly text: string;
}

/**
 * Write the status comment and return its id: edit the first existing comment with its marker, else create a new one. `comments`: the
 * comments of the issue, if the caller has just read them.
 */
export async function putStatusComment(
  { github, ref, login, signal }: StatusCommentAccess,
  words: StatusWords,
  comments?: readonly Comment[] | null,
): Promise<number> {
  const all = comments ?? (await github.comments(ref, ref.number, { signal }));
  for (const { comment } of findMarked(all, login, "status")) {
    if ((await github.updateComment(ref, comment.id, words, { signal })) !== null) return comment.id;
  }
  return (await github.createComment(ref, ref.number, words, { signal })).id;
}

export interface QueuedStatus extends StatusCommentAccess {
  /** The label that starts work. */
  readonly trigger: string;
  /** ISO time. */
  readonly since: string;
}

/** The marker before any run. A run finds the comment by this marker and replaces the marker by its own. */
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
 * Write that the issue waits. Call this only while the job of the issue is not in the queue, so that no run writes at the same time.
 * `hasRecord`: Redis had a record of the issue. Without one, the comment of an ended run is not changed, because only its marker has the
 * event of the used label.
 */
export async function showQueued(queued: QueuedStatus, { hasRecord }: { hasRecord: boolean }): Promise<void> {
  const comments = await queued.github.comments(queued.ref, queued.ref.number, { signal: queued.signal });
  const found = findMarked(comments, queued.login, "status")[0];
  if (!hasRecord && found !== undefined && found.marker.outcome !== null) return;
  const words = { marker: found?.marker ?? BEFORE_RUNS, text: textOf(queued, "queued") };
  await putStatusComment(queued, words, comments);
}

/** Write that there will be no run, if the status comment was made before any run. */
export async function showWithdrawn(queued: QueuedStatus): Promise<void> {
  const comments = await queued.github.comments(queued.ref, queued.ref.number, { signal: queued.signal });
  const found = findMarked(comments, queued.login, "status")[0];
  if (found?.marker.run !== BEFORE_RUNS.run) return;
  const words = { marker: found.marker, text: textOf(queued, "withdrawn") };
  await queued.github.updateComment(queued.ref, found.comment.id, words, { signal: queued.signal });
}

function textOf({ since, trigger }: QueuedStatus, state: "queued" | "withdrawn"): string {
  const facts = { runner: null, branch: null, prNumber: null, headSha: null, usage: null, reason: null };
  return statusText({ ...facts, state, since }, { trigger });
}
