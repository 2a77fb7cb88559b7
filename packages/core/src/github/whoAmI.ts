import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../log/logger.ts";
import { askRefused } from "./askRefused.ts";
import { GitHubError } from "./errors.ts";

const AGAIN_MS = 5000;

type Asked = { findLogin(options: { signal?: AbortSignal }): Promise<string | null> };

export interface WhoAmIOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Between refusals, see `askRefused`. */
  readonly refusalWaitsMs?: readonly number[] | undefined;
}

/**
 * The account of the token, asked until GitHub answers; it says so while it waits. Null: an app's token, and GitHub does not say
 * which app's.
 * @throws GitHubError when GitHub refuses the token, three times; or `signal.reason`.
 */
export async function whoAmI(github: Asked, { log, signal, refusalWaitsMs }: WhoAmIOptions): Promise<string | null> {
  const answer = await askRefused(() => untilAnswered(github, { log, signal }), {
    isRefused: (given) => given instanceof GitHubError,
    onRefused: (given) => log.warn(`checking the token again: ${given instanceof GitHubError ? given.message : ""}`),
    signal,
    waitsMs: refusalWaitsMs,
  });
  if (answer instanceof GitHubError) throw answer;
  return answer;
}

/** @returns the account, or GitHub's refusal of the token */
async function untilAnswered(github: Asked, { log, signal }: WhoAmIOptions): Promise<string | null | GitHubError> {
  for (let warned = false; ;) {
    try {
      return await github.findLogin({ signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof GitHubError)) throw error;
      if (error.kind === "unauthorized" || error.kind === "forbidden") return error;
      if (!warned) log.warn(`waiting for GitHub: ${error.message}`);
      warned = true;
      const until = error.retryAt === null ? AGAIN_MS : 6 * AGAIN_MS;
      await sleep(until, undefined, { signal });
    }
  }
}
