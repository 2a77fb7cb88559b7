import type { GitHubErrorKind } from "./errors.ts";

export interface ApiResponse {
  /** null: there was no response, or it was incomplete. */
  status: number | null;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | number | undefined>>;
  /** GitHub's message. */
  message: string;
  /** Epoch milliseconds. */
  now: number;
}

/** Status codes of redirects. They are not followed, because the new address has another resource than the requested one. */
const MOVED = new Set([301, 302, 307, 308]);
/** Wait that GitHub recommends for a secondary limit without a time. */
const SECONDARY_WAIT_MS = 60_000;
/** Longest wait. A longer one that GitHub names is not trusted, because its longest window is one hour. */
const MAX_WAIT_MS = 2 * 60 * 60_000;

/** Return the kind of a failure, and the time (epoch ms) of the next useful try, if it is known. */
export function classify({ status, headers, message, now }: ApiResponse): {
  kind: GitHubErrorKind;
  retryAt: number | null;
} {
  const after = seconds(headers["retry-after"]);
  if (status === 403 || status === 429) {
    const exhausted = String(headers["x-ratelimit-remaining"]) === "0";
    if (status === 429 || exhausted || after !== null || /secondary rate limit/i.test(message)) {
      return { kind: "rate-limit", retryAt: now + bounded(limitWait({ after, exhausted, headers, now })) };
    }
    return { kind: "forbidden", retryAt: null };
  }
  // A limit on requests that cause notifications. GitHub reports it without the name, status or headers of a rate limit.
  if (status === 422 && /submitted too quickly/i.test(message)) {
    return { kind: "rate-limit", retryAt: now + bounded(after === null ? SECONDARY_WAIT_MS : after * 1000) };
  }
  const kind = kindOf(status);
  const waits = kind === "unavailable" && after !== null;
  return { kind, retryAt: waits ? now + bounded(after * 1000) : null };
}

function kindOf(status: number | null): GitHubErrorKind {
  // 407: a proxy requires other credentials, and the request did not reach GitHub.
  if (status === null || status >= 500 || status === 407 || status === 408) return "unavailable";
  if (status === 401) return "unauthorized";
  if (status === 404) return "not-found";
  if (status === 451) return "forbidden";
  if (status === 410 || MOVED.has(status)) return "removed";
  return status >= 400 ? "invalid" : "unavailable";
}

function limitWait(given: {
  after: number | null;
  exhausted: boolean;
  headers: ApiResponse["headers"];
  now: number;
}): number {
  if (given.after !== null) return given.after * 1000;
  const reset = seconds(given.headers["x-ratelimit-reset"]);
  return given.exhausted && reset !== null ? reset * 1000 - theirNow(given) : SECONDARY_WAIT_MS;
}

/** A `date` that differs more from this machine's clock is ignored: a proxy may have cached an old response. */
const MAX_SKEW_MS = 24 * 60 * 60_000;

/** Return the current time by GitHub's clock, because the reset of a limit is by that clock. Its `date` has whole seconds. */
function theirNow({ headers, now }: Pick<ApiResponse, "headers" | "now">): number {
  const serverTime = Date.parse(String(headers["date"]));
  return Math.abs(serverTime - now) <= MAX_SKEW_MS ? serverTime : now;
}

function bounded(ms: number): number {
  return Math.min(Math.max(ms, 1000), MAX_WAIT_MS);
}

function seconds(value: string | number | undefined): number | null {
  const number = value === undefined || value === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) && number >= 0 ? number : null;
}
