import { passwordFileOf } from "@tac8/core/config/redisUrl";
import type { Config } from "@tac8/core/config/resolve";
import type { Logger } from "@tac8/core/log/logger";
import {
  applyShare,
  isOurs,
  isSharedAt,
  isTaken,
  reopenShare,
  takenLine,
  writeShareConf,
} from "@tac8/core/share/apply";
import { readShare, type Share } from "@tac8/core/share/files";
import type { Redis } from "ioredis";

/**
 * What `tac8 share` has opened needs nothing; `apply`: once, because the rules may be another version's; `reopen`: see below;
 * `missing`: this machine does not have the address; `taken`: another program has the port.
 */
export type ShareStep = "nothing" | "apply" | "reopen" | "missing" | "taken";

/** Pure. `listens`: Redis does, there; `here`: this machine has the address; `taken`: something has the port. */
export function planShare(given: {
  readonly share: Share | null;
  readonly applied: boolean;
  readonly listens: boolean;
  readonly here: boolean;
  readonly taken?: boolean;
}): ShareStep {
  const { share, applied, listens, here, taken = false } = given;
  if (share === null) return "nothing";
  if (!here) return "missing";
  if (!listens && taken) return "taken";
  if (!listens) return "reopen";
  return applied ? "nothing" : "apply";
}

/**
 * Return a round that keeps Redis listening for other machines. Redis tries an address when it starts, and never again; after a boot
 * the network may have it later, or another program has the port until it is ended. A Redis that is not tac8's own, such as one that REDIS_URL has named since, is left as it is.
 */
export function createShareKeeper(given: {
  readonly config: Config;
  readonly redis: Redis;
  readonly log: Logger;
  /** Called in each round with why other machines do not reach Redis, and what to do; null: they do, or nothing is shared. */
  readonly report?: (problem: string | null) => void;
}): () => Promise<void> {
  const { config, redis, log, report = () => undefined } = given;
  const { home } = config;
  const isOwn = !config.joined && passwordFileOf(config.redisUrl) !== null;
  let applied = false;
  let reported: ShareStep | null = null;
  return async () => {
    const share = isOwn ? readShare(home) : null;
    if (share === null) {
      report(null);
      return;
    }
    const [listens, here] = [await isSharedAt(share, home), isOurs(share.address)];
    const step = planShare({ share, applied, listens, here, taken: !listens && here && (await isTaken(share)) });
    if (step === "apply" || step === "reopen") {
      await writeShareConf(home);
      if (step === "apply") await applyShare(redis, home);
      else await reopenShare(redis, home);
      applied = true;
    }
    const problem = problemOf(step, share);
    report(problem);
    if (step === "reopen" && reported !== step)
      log.info(`Redis listens at ${share.address}:${share.port} again, for other machines`);
    if (problem !== null && reported !== step) log.warn(problem);
    reported = step;
  };
}

function problemOf(step: ShareStep, share: Share): string | null {
  if (step === "taken") return takenLine(share);
  if (step !== "missing") return null;
  return `this machine no longer has the address ${share.address}:${share.port}, so other machines cannot reach Redis: run tac8 share --address ADDRESS`;
}
