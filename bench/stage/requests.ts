import type { LocalGitHub } from "@tac8/sandbox/github/types";

type Entry = Parameters<Parameters<LocalGitHub["onRequest"]>[0]>[0];

export interface Awaited {
  readonly matches: (entry: Entry) => boolean;
  readonly signal: AbortSignal;
  /** Text after "timed out: ". */
  readonly what: string;
  readonly timeoutMs?: number;
}

/** Wait for a request that the local GitHub answers from now on. @returns the request. @throws Error after a minute */
export async function nextRequest(github: LocalGitHub, options: Awaited): Promise<Entry> {
  const { matches, signal, what, timeoutMs = 60_000 } = options;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Entry>();
  const stop = github.onRequest((entry) => {
    if (matches(entry)) resolve(entry);
  });
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const late = setTimeout(() => reject(new Error(`timed out: ${what}`)), timeoutMs);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", onAbort);
    stop();
  }
}

/** Return whether a request opened a pull request in this repository. */
export function isPullOpened(repo: string): (entry: Entry) => boolean {
  return ({ method, path, status }) => method === "POST" && path === `/repos/${repo}/pulls` && status === 201;
}

/** Return whether a request is part of every poll: for the repository, its labelled issues or its comments. */
export function isPollRequest({ method, path }: Pick<Entry, "method" | "path">): boolean {
  return method === "GET" && /^\/repos\/[^/]+\/[^/]+(\/issues(\/comments)?)?$/.test(path);
}

/** Return whether a request is for the first page of the labelled issues, near the start of a poll. */
export function isFirstPage({ method, path, query }: Pick<Entry, "method" | "path" | "query">): boolean {
  const page = new URLSearchParams(query).get("page");
  return method === "GET" && /^\/repos\/[^/]+\/[^/]+\/issues$/.test(path) && (page === null || page === "1");
}
