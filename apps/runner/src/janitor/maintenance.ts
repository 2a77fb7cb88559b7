import { join } from "node:path";
import type { Config } from "@tac8/core/config/resolve";
import { oneToken } from "@tac8/core/github/tokens";
import { gitUrl } from "@tac8/core/github/urls";
import type { Logger } from "@tac8/core/log/logger";
import { LOCK_WAIT_MS, Mirror } from "../workspace/mirror.ts";
import { mirrorPaths } from "../workspace/paths.ts";
import { localFiles } from "../files/local.ts";
import { findRepositories } from "./find.ts";

export interface MirrorSize {
  readonly looseObjects: number;
  readonly packs: number;
}

const MANY_LOOSE = 2000;
const MANY_PACKS = 20;
/**
 * Maximum duration. A job that needs the mirror meanwhile gets it long before it stops waiting. The rest is packed in a
 * later round.
 */
export const MAX_PACK_MS = LOCK_WAIT_MS / 2;

/** Return whether a mirror must be packed. Pure. */
export function needsMaintenance({ looseObjects, packs }: MirrorSize): boolean {
  return looseObjects >= MANY_LOOSE || packs >= MANY_PACKS;
}

/**
 * Pack the mirrors that many small fetches have fragmented. A mirror that cannot be packed now is tried in the next
 * round.
 */
export async function maintainMirrors(options: {
  readonly config: Config;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly maxPackMs?: number;
}): Promise<void> {
  const { config, log, signal, maxPackMs = MAX_PACK_MS } = options;
  for (const ref of await findRepositories(localFiles, config.dataFolder, "repos", ".git")) {
    const paths = mirrorPaths(config.dataFolder, ref);
    const mirror = new Mirror(paths, {
      url: gitUrl(config.github.api_url, ref),
      tokens: oneToken(null),
      mirrorDir: paths.dir,
      env: config.agentEnv,
    });
    try {
      const before = await mirror.size(signal);
      if (!needsMaintenance(before)) continue;
      await mirror.pack(AbortSignal.any([signal, AbortSignal.timeout(maxPackMs)]));
      log.info(
        { repository: join(ref.owner, ref.repo), before, after: await mirror.size(signal) },
        "packed the mirror",
      );
    } catch (err) {
      signal.throwIfAborted();
      log.warn({ repository: join(ref.owner, ref.repo), err }, "could not pack the mirror; the next round tries again");
    }
  }
}
