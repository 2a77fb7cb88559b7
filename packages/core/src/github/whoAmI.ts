import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../log/logger.ts";
import { GitHubError } from "./errors.ts";

const AGAIN_MS = 5000;

/**
 * The account of the token, asked until GitHub answers; it says so while it waits. Null: an app's token, and GitHub does not say
 * which app's.
 * @throws GitHubError when GitHub refuses the token, or `signal.reason`.
 */
export async function whoAmI(
  github: { findLogin(options: { signal?: AbortSignal }): Promise<string | null> },
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<string | null> {
  for (let told = false; ;) {
    try {
      return await github.findLogin({ signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof GitHubError) || error.kind === "unauthorized" || error.kind === "forbidden") throw error;
      if (!told) log.warn(`waiting for GitHub: ${error.message}`);
      told = true;
      const until = error.retryAt === null ? AGAIN_MS : 6 * AGAIN_MS;
      await sleep(until, undefined, { signal });
    }
  }
}
