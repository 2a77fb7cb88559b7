import type { Logger } from "@tac8/core/log/logger";
import { isDeepStrictEqual } from "node:util";

/** Interval at which a problem that continues is logged again. */
const REPEAT_MS = 10 * 60_000;

/**
 * Return a function that logs the problems of a repository after each poll: new problems at once, the same ones again after
 * `REPEAT_MS`, and the end of all problems once.
 */
export function createProblemLog({
  log,
  now,
}: {
  readonly log: Pick<Logger, "info" | "warn">;
  /** Epoch ms. */
  readonly now: () => number;
}): (repository: string, problems: readonly string[]) => void {
  /** The problems that were logged last, by repository; only of repositories that have some. */
  const reported = new Map<string, { readonly problems: readonly string[]; readonly at: number }>();
  return function logProblems(repository, problems) {
    if (problems.length === 0) {
      if (reported.delete(repository)) log.info({ repository }, "polling works again");
      return;
    }
    const before = reported.get(repository);
    const isKnown = before !== undefined && isDeepStrictEqual(before.problems, problems);
    if (isKnown && now() - before.at < REPEAT_MS) return;
    reported.set(repository, { problems, at: now() });
    for (const problem of problems) log.warn({ repository }, problem);
  };
}
