import { passwordFileOf } from "@tac8/core/config/redisUrl";
import type { Config } from "@tac8/core/config/resolve";
import type { Logger } from "@tac8/core/log/logger";
import { answersAt, applyShare, isOurs, reopenShare, writeShareConf } from "@tac8/core/share/apply";
import { readShare, type Share } from "@tac8/core/share/files";
import type { Redis } from "ioredis";

/** What `tac8 share` has opened needs nothing; `apply`: once, because the rules may be another version's; `reopen`: see below. */
export type ShareStep = "nothing" | "apply" | "reopen" | "missing";

/** Pure. `listens`: something accepts connections there; `here`: this machine has the address. */
export function planShare(given: {
  readonly share: Share | null;
  readonly applied: boolean;
  readonly listens: boolean;
  readonly here: boolean;
}): ShareStep {
  const { share, applied, listens, here } = given;
  if (share === null) return "nothing";
  if (!here) return "missing";
  if (!listens) return "reopen";
  return applied ? "nothing" : "apply";
}

/**
 * Return a round that keeps Redis listening for other machines. Redis tries an address when it starts, and never again; after a boot
 * the network may have it later. A Redis that is not tac8's own, such as one that REDIS_URL has named since, is left as it is.
 */
export function createShareKeeper(given: {
  readonly config: Config;
  readonly redis: Redis;
  readonly log: Logger;
}): () => Promise<void> {
  const { config, redis, log } = given;
  const { home } = config;
  const isOwn = !config.joined && passwordFileOf(config.redisUrl) !== null;
  let applied = false;
  let said: ShareStep | null = null;
  return async () => {
    const share = isOwn ? readShare(home) : null;
    if (share === null) return;
    const where = `${share.address}:${share.port}`;
    const step = planShare({ share, applied, listens: await answersAt(share), here: isOurs(share.address) });
    if (step === "apply" || step === "reopen") {
      await writeShareConf(home);
      if (step === "apply") await applyShare(redis, home);
      else await reopenShare(redis, home);
      applied = true;
    }
    if (step === "reopen" && said !== step) log.info(`Redis listens at ${where} again, for other machines`);
    if (step === "missing" && said !== step)
      log.warn(
        `this machine no longer has the address ${where}, so other machines do not reach Redis: tac8 share --address ADDRESS`,
      );
    said = step;
  };
}
