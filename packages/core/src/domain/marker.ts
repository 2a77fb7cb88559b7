import { z } from "zod";

/**
 * Kinds of markers. Comments of tac8 have a marker on their first line, so that tac8 finds them again even after a Redis reset. A marker
 * counts only on the first line and only in a comment of tac8's own account, because other users can copy one.
 */
export const MARKER_KINDS = ["status", "question", "answer", "failure"] as const;
const markerSchema = z.object({
  v: z.literal(1),
  kind: z.enum(MARKER_KINDS),
  /** Empty before the first run. */
  run: z.string().max(64),
  outcome: z.string().max(20).nullable().default(null),
  label_event_id: z.int().nonnegative().default(0),
  published_sha: z.string().max(64).nullable().default(null),
  question_id: z.int().nonnegative().nullable().default(null),
  /** Account whose label was refused, in lower case; empty: GitHub does not report it. */
  labeller: z.string().max(100).optional(),
  /** In a question about withheld work: the question's key. A reason with this key is allowed only by a label that was added after the question. */
  allows: z.string().max(64).optional(),
  /** In such a question: fingerprint of its files and their content. A label that is added after the question allows only these. */
  files: z.string().max(64).optional(),
});
export type Marker = z.infer<typeof markerSchema>;

const LINE = /^<!-- tac8 (\{.{0,2000}\}) -->\s*$/;

export function renderMarker(marker: Marker): string {
  // "--" would end the HTML comment, so it is written as a JSON escape.
  return `<!-- tac8 ${JSON.stringify(marker).replaceAll("--", "-\\u002d").replaceAll(">", "\\u003e")} -->`;
}

/** Parse the marker on the first line; null: there is none. */
export function parseMarker(body: string): Marker | null {
  const match = LINE.exec(body.split("\n", 1)[0] ?? "");
  if (match === null) return null;
  try {
    return markerSchema.safeParse(JSON.parse(match[1] ?? "")).data ?? null;
  } catch {
    return null; // Not JSON: a comment by another account with a similar line.
  }
}

export interface MarkedComment {
  readonly id: number;
  readonly body: string;
  readonly author: { readonly login: string };
}

/** Return tac8's comments of one kind among all comments of an issue, oldest first. `login`: the token's account; if unknown, none match. */
export function findMarked<C extends MarkedComment>(
  comments: readonly C[],
  login: string | null,
  kind: Marker["kind"],
): { readonly comment: C; readonly marker: Marker }[] {
  return comments
    .filter((comment) => comment.author.login.toLowerCase() === login?.toLowerCase())
    .map((comment) => ({ comment, marker: parseMarker(comment.body) }))
    .filter((found): found is { comment: C; marker: Marker } => found.marker?.kind === kind)
    .sort((a, b) => a.comment.id - b.comment.id);
}

/** Return whether a comment may be a user's reply. The owner of the token may also reply, so comments of that account are not excluded. */
export function isReply(comment: MarkedComment, questionId: number): boolean {
  return comment.id > questionId && parseMarker(comment.body) === null;
}
