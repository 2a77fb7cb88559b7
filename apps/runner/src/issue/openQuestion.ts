import { findMarked, type MarkedComment } from "@tac8/core/domain/marker";

/** A question that still waits for its reply, as tac8's own comments show it. */
export interface OpenQuestion {
  /** The run that asked it. */
  readonly run: string;
  readonly text: string;
  /** Id of the `labeled` event that its run has used. */
  readonly labelEvent: number;
  readonly publishedSha: string | null;
}

/**
 * Find the question that an issue waits for, if Redis has lost it; null if there is none. A run that continued after
 * the reply, or that ended, has left its own id or outcome on the status comment. `login` is the token's account.
 */
export function findOpenQuestion(comments: readonly MarkedComment[], login: string | null): OpenQuestion | null {
  const status = findMarked(comments, login, "status").at(-1)?.marker;
  const asked = findMarked(comments, login, "question").at(-1);
  if (status === undefined || asked === undefined || status.run !== asked.marker.run) return null;
  // Null: its runner died between the question and the status comment.
  if (status.outcome !== "blocked" && status.outcome !== null) return null;
  return {
    run: asked.marker.run,
    text: questionIn(asked.comment.body),
    labelEvent: Math.max(status.label_event_id, asked.marker.label_event_id),
    publishedSha: status.published_sha ?? asked.marker.published_sha,
  };
}

/** Return the question that is quoted in a comment of outgoing/texts.ts. */
export function questionIn(body: string): string {
  const quoted = body.split("\n").filter((line) => line.startsWith("> "));
  return quoted.map((line) => line.slice(2)).join("\n");
}
