import { diffKey } from "@tac8/core/state/keys";
import { diffOf } from "../../airlock/diff.ts";
import type { RunContext } from "../../run/context.ts";

const MAX_BYTES = 256 * 1024;
const KEPT_SECONDS = 30 * 86_400;

/**
 * Keeps what was published where the board finds it, which has no access to GitHub. For looking at only: what fails here
 * fails nothing.
 */
export async function keepDiff(run: RunContext, { dir, head }: { dir: string; head: string }): Promise<void> {
  const { services, state, mirror } = run;
  // A run does not wait for Redis to come back for this.
  if (state.baseSha === null || services.redis.status !== "ready") return;
  const { lost: signal } = run.switch;
  try {
    const diff = await diffOf({ clean: mirror.side, dir, base: state.baseSha, head, maxBytes: MAX_BYTES, signal });
    await services.redis.set(diffKey(run.jobId), services.redact(diff), "EX", KEPT_SECONDS);
  } catch (error) {
    run.log.debug({ err: error }, "the diff was not kept");
  }
}
