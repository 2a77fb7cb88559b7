import { nameToken, replaceAdvice } from "../config/tokenName.ts";
import { clip } from "../domain/plainText.ts";

export type GitHubErrorKind =
  "unavailable" | "rate-limit" | "unauthorized" | "forbidden" | "not-found" | "removed" | "invalid";

export interface GitHubErrorData {
  kind: GitHubErrorKind;
  status: number | null;
  retryAt: number | null;
  call: string;
  detail: string;
  cause?: Error | undefined;
  /** The token in use, see `nameToken`. */
  token?: string | undefined;
}

const MAX_DETAIL = 500;

const ADVICE: Record<Exclude<GitHubErrorKind, "unauthorized">, string> = {
  unavailable: "tac8 tries again. If the error persists, check the network and www.githubstatus.com.",
  "rate-limit": "Wait until the limit is reset.",
  forbidden: "Check that the token can write Contents, Issues and Pull requests of this repository.",
  "not-found": "Check the name, and that the token can access the repository.",
  removed: "The repository or issue was deleted or moved: check the name in the configuration.",
  invalid: "GitHub rejects the request until the cause that it reports is fixed.",
};

/** A failed call to GitHub. It contains no token: `detail` and `cause` are already redacted. */
export class GitHubError extends Error {
  override readonly name = "GitHubError";
  readonly kind: GitHubErrorKind;
  /** The HTTP status; null: there was no readable response. */
  readonly status: number | null;
  /** Time of the next useful try, in epoch milliseconds; null: GitHub named none. */
  readonly retryAt: number | null;
  /** Method and path, for example `GET /repos/o/r`. */
  readonly call: string;
  /** GitHub's message, at most 500 characters. */
  readonly detail: string;

  constructor({ kind, status, retryAt, call, detail, cause, token = nameToken(null) }: GitHubErrorData) {
    const short = clip(detail, MAX_DETAIL);
    const until = retryAt === null ? "" : ` (until ${new Date(retryAt).toISOString()})`;
    super(
      `GitHub: ${call} failed, ${kind}${status === null ? "" : ` ${status}`}${until}: ${short.replace(/[.\s]+$/, "")}. ${adviceOn(kind, token)}`,
      cause === undefined ? undefined : { cause },
    );
    this.kind = kind;
    this.status = status;
    this.retryAt = retryAt;
    this.call = call;
    this.detail = short;
  }
}

function adviceOn(kind: GitHubErrorKind, token: string): string {
  if (kind !== "unauthorized") return ADVICE[kind];
  const advice = replaceAdvice(token);
  return `${advice.charAt(0).toUpperCase()}${advice.slice(1)}.`;
}

/**
 * Whether a kind concerns the request itself: GitHub refuses it again until the issue or the repository changes. After an outage, a rate
 * limit, or the replacement of a token, GitHub accepts the same request.
 */
const REFUSES_REQUEST: Readonly<Record<GitHubErrorKind, boolean>> = {
  unavailable: false,
  "rate-limit": false,
  unauthorized: false,
  forbidden: true,
  "not-found": true,
  removed: true,
  invalid: true,
};

/** Return whether GitHub refused the request because of its content (locked, deleted, moved, forbidden), so that waiting is useless. Pure. */
export function isRefusedRequest(error: unknown): error is GitHubError {
  return error instanceof GitHubError && REFUSES_REQUEST[error.kind];
}
