import { diffKey } from "@tac8/core/state/keys";
import { diffOf } from "../../airlock/diff.ts";
import type { PublishNeeds } from "./needs.ts";

const MAX_BYTES = 256 * 1024;
const KEPT_SECONDS = 30 * 86_400;

/**
 * Store the published diff in Redis for the board, which has no access to GitHub. The diff is only for display, so an error here has
 * no consequence.
 */
export async function keepDiff(
  run: PublishNeeds,
  { dir, head }: { readonly dir: string; readonly head: string },
): Promise<void> {
  const { mirror, diffs } = run;
  const { state } = run.record;
  // A run does not wait for an unreachable Redis here.
  if (state.branch.base === null || diffs.redis.status !== "ready") return;
  const { signal } = run;
  try {
    const diff = await diffOf({ clean: mirror.side, dir, base: state.branch.base, head, maxBytes: MAX_BYTES, signal });
    await diffs.redis.set(diffKey(diffs.jobId), run.redact(diff), "EX", KEPT_SECONDS);
  } catch (error) {
    run.log.debug({ err: error }, "could not store the diff for the board");
  }
}
