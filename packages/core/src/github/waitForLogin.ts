import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../log/logger.ts";
import { askRefused } from "./askRefused.ts";
import { GitHubError } from "./errors.ts";

const RETRY_MS = 5000;

type LoginFinder = { findLogin(options: { signal?: AbortSignal }): Promise<string | null> };

export interface WaitForLoginOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Waits between two refusals, see `askRefused`. */
  readonly refusalWaitsMs?: readonly number[] | undefined;
}

/**
 * Return the account of the token. It waits until GitHub responds, and logs that it waits. Null: the token belongs to an App whose account
 * GitHub does not report.
 * @throws GitHubError when GitHub refuses the token three times; or `signal.reason`
 */
export async function waitForLogin(
  github: LoginFinder,
  { log, signal, refusalWaitsMs }: WaitForLoginOptions,
): Promise<string | null> {
  const answer = await askRefused(() => untilAnswered(github, { log, signal }), {
    isRefused: (given) => given instanceof GitHubError,
    onRefused: (given) => log.warn(`checking the token again: ${given instanceof GitHubError ? given.message : ""}`),
    signal,
    waitsMs: refusalWaitsMs,
  });
  if (answer instanceof GitHubError) throw answer;
  return answer;
}

/** Repeat the request until GitHub responds. @returns the account, or GitHub's refusal of the token */
async function untilAnswered(
  github: LoginFinder,
  { log, signal }: WaitForLoginOptions,
): Promise<string | null | GitHubError> {
  for (let warned = false; ;) {
    try {
      return await github.findLogin({ signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof GitHubError)) throw error;
      if (error.kind === "unauthorized" || error.kind === "forbidden") return error;
      if (!warned) log.warn(`waiting for GitHub: ${error.message}`);
      warned = true;
      const until = error.retryAt === null ? RETRY_MS : 6 * RETRY_MS;
      await sleep(until, undefined, { signal });
    }
  }
}
