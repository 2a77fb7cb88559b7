import { diffKey } from "@tac8/core/state/keys";
import { diffOf } from "../../airlock/diff.ts";
import type { PublishNeeds } from "./needs.ts";

const MAX_BYTES = 256 * 1024;
const KEPT_SECONDS = 30 * 86_400;

/** Read the diff that the board shows; null: it could not be read, or there is no base to compare with. Changes nothing. */
export async function readDiff(
  run: PublishNeeds,
  { dir, head }: { readonly dir: string; readonly head: string },
): Promise<string | null> {
  const { mirror, signal } = run;
  const { base } = run.record.state.branch;
  if (base === null) return null;
  try {
    return await diffOf({ clean: mirror.cleanSide, dir, base, head, maxBytes: MAX_BYTES, signal });
  } catch (error) {
    run.log.debug({ err: error }, "the diff could not be read");
    return null;
  }
}

/**
 * Store the published diff in Redis for the board, which has no access to GitHub. The diff is only for display, so an
 * error here has no consequence.
 */
export async function keepDiff({ diffs, redact, log }: PublishNeeds, diff: string | null): Promise<void> {
  // A run does not wait for an unreachable Redis here.
  if (diff === null || diffs.redis.status !== "ready") return;
  try {
    await diffs.redis.set(diffKey(diffs.jobId), redact(diff), "EX", KEPT_SECONDS);
  } catch (error) {
    log.debug({ err: error }, "could not store the diff for the board");
  }
}
