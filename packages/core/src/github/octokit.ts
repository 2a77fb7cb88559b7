import { Octokit as Plain } from "@octokit/rest";
import type { Logger } from "pino";
import { createPace } from "./pace.ts";
import { failureOf, isGraphqlLimit } from "./requestError.ts";

/** For longer waits, the caller gets the error with `retryAt`. */
const MAX_WAIT_IN_PLACE_MS = 10_000;
/** Number of tries after the first one. */
const RETRIES = 3;

const quiet = (): void => undefined;

export type OctokitClient = Plain;

/** An auth strategy for Octokit, with its options. */
export interface OctokitAuth {
  readonly authStrategy?: unknown;
  readonly auth?: unknown;
}

export interface OctokitSettings {
  apiUrl: string;
  auth: OctokitAuth;
  redact: (text: string) => string;
  log: Logger;
  writeIntervalMs: number;
  /** The wait before the second try; before the third it is 4 times as long, before the fourth 9 times. */
  retryBaseMs: number;
  fetch: typeof fetch;
  /** Epoch milliseconds. */
  now: () => number;
}

/**
 * Create an Octokit client with tac8's rules for retries. GET, PATCH, PUT and DELETE are tried four times if GitHub responds with 5xx or not
 * at all (a POST sets `retries: 0`). A 4xx is never retried. A short wait for a rate limit is waited for once. Writes have a minimum
 * distance. Redirects are not followed unless a call requires it.
 */
export function createOctokit(settings: OctokitSettings): OctokitClient {
  const { apiUrl, auth, redact, log, writeIntervalMs, retryBaseMs, fetch, now } = settings;
  const octokit = new Plain({
    baseUrl: apiUrl.replace(/\/+$/, ""),
    ...auth,
    userAgent: "tac8",
    // Failed calls are thrown, so Octokit need not log them, and a 404 is often an expected response.
    log: { debug: quiet, info: quiet, warn: (text: string) => log.warn(redact(text)), error: quiet },
    request: { fetch, redirect: "manual" },
  });
  const pace = createPace({
    writeIntervalMs,
    waitAfter(error, { method, url, request }, tried) {
      // Octokit reports a call that was aborted by its signal as a network failure.
      if (request?.signal?.aborted === true) return null;
      const call = `${method} ${url}`;
      const { kind, retryAt } = failureOf({ error, call, redact, token: "", now: now() });
      if (kind === "rate-limit") {
        const waitMs = retryAt === null ? Infinity : retryAt - now();
        const inPlace = waitMs <= MAX_WAIT_IN_PLACE_MS && tried === 1;
        log.warn({ call, retryAfter: Math.ceil(waitMs / 1000), inPlace }, "rate limit of GitHub reached");
        return inPlace ? waitMs : null;
      }
      return mayPass(error) && tried <= (request?.retries ?? RETRIES) ? retryBaseMs * tried * tried : null;
    },
  });
  octokit.hook.wrap("request", (request, options) =>
    pace(options, async () => {
      const response = await request(options);
      // GraphQL responds with 200 at its rate limit.
      const isLimit = options.url.endsWith("/graphql") && isGraphqlLimit(response.data);
      if (isLimit) throw Object.assign(new Error("rate limit of GraphQL"), { response });
      return response;
    }),
  );
  return octokit;
}

/** Return whether an error may be temporary: a failure of GitHub, or of the network, which Octokit reports as status 500. */
function mayPass(error: unknown): boolean {
  return typeof error === "object" && error !== null && "status" in error && Number(error.status) >= 500;
}
