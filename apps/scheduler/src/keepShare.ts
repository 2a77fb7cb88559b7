import { passwordFileOf } from "@tac8/core/config/redisUrl";
import type { Config } from "@tac8/core/config/resolve";
import type { Logger } from "@tac8/core/log/logger";
import {
  applyShare,
  hasAddress,
  isSharedAt,
  isPortInUse,
  reopenShare,
  portInUseLine,
  writeShareConf,
} from "@tac8/core/share/apply";
import { readShare, type Share } from "@tac8/core/share/files";
import type { Redis } from "ioredis";

/**
 * The next step for the address that `tac8 share` has opened. `apply`: write the rules once after the start, because those in
 * Redis may be from another version; `reopen`: Redis does not listen at the address; `missing`: this machine does not have the
 * address; `taken`: another program uses the port.
 */
export type ShareStep = "nothing" | "apply" | "reopen" | "missing" | "taken";

/**
 * Decide the next step. Pure.
 * @param given `listens`: Redis listens at the address; `here`: this machine has the address; `taken`: another program uses the port
 */
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
 * Return a function that keeps Redis listening for other machines, and is called regularly. Redis binds an address only when it
 * starts. After a boot, the network may get the address later, or another program may still use the port. Only tac8's own Redis
 * is changed, never one that `REDIS_URL` names.
 */
export function createShareKeeper(given: {
  readonly config: Config;
  readonly redis: Redis;
  readonly log: Logger;
  /**
   * Called each time with the reason why other machines cannot reach Redis, and what to do; null: they can reach it, or Redis is
   * not shared.
   */
  readonly report?: (problem: string | null) => void;
}): () => Promise<void> {
  const { config, redis, log, report = () => undefined } = given;
  const { dataFolder } = config;
  const isOwn = !config.joined && passwordFileOf(config.redisUrl) !== null;
  let applied = false;
  let reported: ShareStep | null = null;
  return async () => {
    const share = isOwn ? readShare(dataFolder) : null;
    if (share === null) {
      report(null);
      return;
    }
    const [listens, here] = [await isSharedAt(share, dataFolder), hasAddress(share.address)];
    const step = planShare({ share, applied, listens, here, taken: !listens && here && (await isPortInUse(share)) });
    if (step === "apply" || step === "reopen") {
      await writeShareConf(dataFolder);
      if (step === "apply") await applyShare(redis, dataFolder);
      else await reopenShare(redis, dataFolder);
      applied = true;
    }
    const problem = problemOf(step, share);
    report(problem);
    if (step === "reopen" && reported !== step)
      log.info(`Redis listens at ${share.address}:${share.port} for other machines again`);
    if (problem !== null && reported !== step) log.warn(problem);
    reported = step;
  };
}

function problemOf(step: ShareStep, share: Share): string | null {
  if (step === "taken") return portInUseLine(share);
  if (step !== "missing") return null;
  return `this machine no longer has the address ${share.address}:${share.port}, so other machines cannot reach Redis: run tac8 share --address ADDRESS`;
}
