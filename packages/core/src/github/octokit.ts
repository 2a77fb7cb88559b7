import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { Octokit as Plain } from "@octokit/rest";
import Bottleneck from "bottleneck";
import type { Logger } from "pino";

/** Longer waits for a rate limit are the caller's business: it has `retryAt`. */
const MAX_WAIT_IN_PLACE_S = 10;

const quiet = (): void => undefined;

/** Our own, among those that are never tried again: the caller has gone. */
const GIVEN_UP = 499;

/** Comes before the others: to Octokit a call that its signal ended is a failure of the network, which it would try again. */
function giveUp({ hook }: Pick<Plain, "hook">): Record<string, never> {
  hook.error("request", (error, { request }) => {
    throw request?.signal?.aborted === true ? Object.assign(error, { status: GIVEN_UP }) : error;
  });
  return {};
}

const Octokit = Plain.plugin(giveUp, retry, throttling);
export type OctokitClient = InstanceType<typeof Octokit>;

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
  retryBaseMs: number;
  fetch: typeof fetch;
}

/**
 * Octokit with its two plugins set up: GET, PATCH, PUT and DELETE are retried three times on a 5xx or network failure (a
 * POST says `retries: 0` itself), no 4xx ever is, and writes keep their distance. Redirects are not followed unless
 * a call says so.
 */
export function createOctokit(settings: OctokitSettings): OctokitClient {
  const { apiUrl, auth, redact, log, writeIntervalMs, retryBaseMs, fetch } = settings;
  const wait = (
    retryAfter: number,
    options: { method: string; url: string },
    _: unknown,
    retryCount: number,
  ): boolean => {
    const inPlace = retryAfter <= MAX_WAIT_IN_PLACE_S && retryCount === 0;
    log.warn({ call: `${options.method} ${options.url}`, retryAfter, inPlace }, "rate limit of GitHub reached");
    return inPlace;
  };
  // Groups of our own, because the plugin's are shared by the whole process and fixed at 1 s and 3 s.
  const spaced = () => new Bottleneck.Group({ maxConcurrent: 1, minTime: writeIntervalMs });
  return new Octokit({
    baseUrl: apiUrl.replace(/\/+$/, ""),
    ...auth,
    userAgent: "tac8",
    // Its failed calls are thrown as well, and a 404 is often the answer that was looked for.
    log: { debug: quiet, info: quiet, warn: (text: string) => log.warn(redact(text)), error: quiet },
    request: { fetch, redirect: "manual" },
    // plugin-retry waits `base × 1, 4, 9`: with the usual 250 ms that is 0.25, 1 and 2.25 s.
    retry: { retryAfterBaseValue: retryBaseMs, doNotRetry: Array.from({ length: 100 }, (_, index) => 400 + index) },
    throttle: {
      write: spaced(),
      notifications: spaced(),
      onRateLimit: wait,
      onSecondaryRateLimit: wait,
    },
  });
}
