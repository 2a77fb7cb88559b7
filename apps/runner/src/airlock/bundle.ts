import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "../git/errors.ts";
import type { AgentPlace } from "../agentPlace/place.ts";

/** Larger work is not a useful pull request. GitHub refuses pushes of 2 GB and files of 100 MB. */
export const MAX_BUNDLE_BYTES = 1024 ** 3;
/**
 * Time limit, because an agent may have planted something that never ends (a pipe as a git file, a sleeping filter).
 */
export const CROSSING_MS = 10 * 60_000;
/** Time for a killed git to exit. A process that holds its pipes longer is killed after the run. */
const DYING_MS = 10_000;

export interface BundleOptions {
  readonly tree: string;
  readonly place: AgentPlace;
  /** Commits that the clean side has: they and their ancestors are left out of the bundle. */
  readonly known: readonly string[];
  /** File on the clean side for the bundle. */
  readonly file: string;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
}

/** Export commits: git streams them as the agent's user into a pipe of the runner, which reads no file of the agent. */
export async function streamBundle(options: BundleOptions): Promise<void> {
  const { tree, place, known, file, maxBytes = MAX_BUNDLE_BYTES, timeoutMs = CROSSING_MS } = options;
  const args = ["bundle", "create", "--quiet", "-", "HEAD", ...known.map((sha) => `^${sha}`)];
  const git = place.streamGit(tree, args, { timeoutMs });
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length;
      const over = bytes > maxBytes;
      callback(over ? new TooLarge() : null, chunk);
    },
  });
  try {
    const target = createWriteStream(file, { flags: "wx", mode: 0o600 });
    await pipeline(git.stdout, meter, target, { signal: AbortSignal.timeout(timeoutMs + DYING_MS) });
  } catch (error) {
    git.kill();
    const { timedOut } = await git.ended;
    if (timedOut) throw tooSlow(timeoutMs, error);
    if (!(error instanceof TooLarge)) throw error;
    const message = `the commits are larger than ${Math.round(maxBytes / 1024 ** 2)} MB: too large to publish`;
    throw new StepFailure({ kind: "refused", message }, { cause: error });
  }
  const { code, errorText, timedOut } = await git.ended;
  if (timedOut) throw tooSlow(timeoutMs);
  if (code !== 0) {
    throw new StepFailure(localFailure("taking the commits out of the workspace", errorText.slice(0, 500)));
  }
}

function tooSlow(ms: number, cause?: unknown): StepFailure {
  const message = `exporting the commits from the workspace took longer than ${Math.round(ms / 1000)} s and was stopped`;
  return new StepFailure({ kind: "git", message }, { cause });
}

class TooLarge extends Error {}
