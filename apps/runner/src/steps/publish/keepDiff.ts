import { diffKey } from "@tac8/core/state/keys";
import { diffOf } from "../../airlock/diff.ts";
import type { PublishNeeds } from "./needs.ts";

const MAX_BYTES = 256 * 1024;
const KEPT_SECONDS = 30 * 86_400;

/**
 * Keeps what was published where the board finds it, which has no access to GitHub. For reading only: what fails here
 * fails nothing.
 */
export async function keepDiff(
  run: PublishNeeds,
  { dir, head }: { readonly dir: string; readonly head: string },
): Promise<void> {
  const { mirror, diffs } = run;
  const { state } = run.record;
  // A run does not wait for Redis to come back for this.
  if (state.branch.base === null || diffs.redis.status !== "ready") return;
  const { signal } = run;
  try {
    const diff = await diffOf({ clean: mirror.side, dir, base: state.branch.base, head, maxBytes: MAX_BYTES, signal });
    await diffs.redis.set(diffKey(diffs.jobId), run.redact(diff), "EX", KEPT_SECONDS);
  } catch (error) {
    run.log.debug({ err: error }, "the diff was not kept");
  }
}
