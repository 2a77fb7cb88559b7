import { Octokit as Plain } from "@octokit/rest";
import type { Logger } from "pino";
import { createPace } from "./pace.ts";
import { failureOf, isGraphqlLimit } from "./requestError.ts";

/** Longer waits for a rate limit are the caller's business: it has `retryAt`. */
const MAX_WAIT_IN_PLACE_MS = 10_000;
/** After the first one. */
const RETRIES = 3;

const quiet = (): void => undefined;

export type OctokitClient = Plain;

/** An auth strategy of Octokit's, with its options. */
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
 * Octokit at our pace: GET, PATCH, PUT and DELETE are tried four times where GitHub answers 5xx or not at all (a
 * POST says `retries: 0` itself), no 4xx ever is, a short wait for a rate limit is waited for once, and writes keep their distance.
 * Redirects are not followed unless a call says so.
 */
export function createOctokit(settings: OctokitSettings): OctokitClient {
  const { apiUrl, auth, redact, log, writeIntervalMs, retryBaseMs, fetch, now } = settings;
  const octokit = new Plain({
    baseUrl: apiUrl.replace(/\/+$/, ""),
    ...auth,
    userAgent: "tac8",
    // Its failed calls are thrown as well, and a 404 is often the answer that was looked for.
    log: { debug: quiet, info: quiet, warn: (text: string) => log.warn(redact(text)), error: quiet },
    request: { fetch, redirect: "manual" },
  });
  const pace = createPace({
    writeIntervalMs,
    waitAfter(error, { method, url, request }, tried) {
      // To Octokit a call that its signal ended is a failure of the network.
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
      // It answers 200 at its rate limit.
      const isLimit = options.url.endsWith("/graphql") && isGraphqlLimit(response.data);
      if (isLimit) throw Object.assign(new Error("rate limit of GraphQL"), { response });
      return response;
    }),
  );
  return octokit;
}

/** GitHub has failed, or the network: Octokit calls that 500 too. */
function mayPass(error: unknown): boolean {
  return typeof error === "object" && error !== null && "status" in error && Number(error.status) >= 500;
}
