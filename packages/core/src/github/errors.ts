import { nameToken, replaceAdvice } from "../config/tokenName.ts";
import { clip } from "../domain/plainText.ts";

export type GitHubErrorKind =
  "unavailable" | "rate-limit" | "unauthorized" | "forbidden" | "not-found" | "gone" | "invalid";

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
  gone: "The repository or issue was deleted or moved: check the name in the configuration.",
  invalid: "GitHub rejects the request until the cause that it reports is fixed.",
};

/** Every failure of a call to GitHub. Holds no token: `detail` and `cause` come in redacted. */
export class GitHubError extends Error {
  override readonly name = "GitHubError";
  readonly kind: GitHubErrorKind;
  /** The HTTP status; null when there was no answer, or none that could be read. */
  readonly status: number | null;
  /** When it makes sense to ask again, in epoch milliseconds; null when GitHub did not say. */
  readonly retryAt: number | null;
  /** Method and path, for example `GET /repos/o/r`. */
  readonly call: string;
  /** GitHub's own words, at most 500 characters. */
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
 * Kinds that are about the request: GitHub refuses it again until something of the issue or the repository is changed. An outage
 * and a limit pass by themselves, and a token that is not taken is replaced: then GitHub accepts the same request.
 */
const REFUSES_REQUEST: Readonly<Record<GitHubErrorKind, boolean>> = {
  unavailable: false,
  "rate-limit": false,
  unauthorized: false,
  forbidden: true,
  "not-found": true,
  gone: true,
  invalid: true,
};

/** Whether GitHub refused this request for what it asks (locked, deleted, moved, not allowed), so that waiting is in vain. Pure. */
export function isRefusedRequest(error: unknown): error is GitHubError {
  return error instanceof GitHubError && REFUSES_REQUEST[error.kind];
}
