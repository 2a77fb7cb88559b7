import { z } from "zod";

/**
 * Our comments carry a marker on their first line, so that they are found again whatever happened to Redis.
 * It counts only there and only from our own account: anybody can paste one.
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
  /** Whose label was refused, lower-cased; empty: GitHub does not report. */
  labeller: z.string().max(100).optional(),
  /** Of a question about withheld work: what a label that is added after it allows. */
  allows: z.string().max(64).optional(),
  /** Of such a question: identifies the files that it names, in the form that they have. A label after it allows no others. */
  files: z.string().max(64).optional(),
});
export type Marker = z.infer<typeof markerSchema>;

const LINE = /^<!-- tac8 (\{.{0,2000}\}) -->\s*$/;

export function renderMarker(marker: Marker): string {
  // "--" would end the HTML comment; JSON lets us write it otherwise.
  return `<!-- tac8 ${JSON.stringify(marker).replaceAll("--", "-\\u002d").replaceAll(">", "\\u003e")} -->`;
}

/** @returns null where the first line is no marker of ours. */
export function parseMarker(body: string): Marker | null {
  const match = LINE.exec(body.split("\n", 1)[0] ?? "");
  if (match === null) return null;
  try {
    return markerSchema.safeParse(JSON.parse(match[1] ?? "")).data ?? null;
  } catch {
    return null; // Not JSON: another's comment that looks like ours.
  }
}

export interface MarkedComment {
  readonly id: number;
  readonly body: string;
  readonly author: { readonly login: string };
}

/** Our comments of one kind among all of an issue, oldest first. `login` is the token's account; unknown, none is ours. */
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

/** Is this a user's own words, so that it can be an answer? The token's owner is often the one who replies. */
export function isReply(comment: MarkedComment, questionId: number): boolean {
  return comment.id > questionId && parseMarker(comment.body) === null;
}
