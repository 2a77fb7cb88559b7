import { messageOf } from "@tac8/core/domain/messageOf";
import { passwordFileOf, redisAddress } from "@tac8/core/config/redisUrl";
import { hasAddress, isSharedAt, isPortInUse, portInUseLine } from "@tac8/core/share/apply";
import { formatCount } from "@tac8/core/domain/formats";
import { readShare, type Share } from "@tac8/core/share/files";
import type { Check } from "../check.ts";
import { ok, problem, type Finding } from "../finding.ts";

export const share: Check = {
  name: "Sharing",
  limitMs: 15_000,
  async inspect({ config, command, redisNamed, redisUrl }) {
    if (config.joined) return [ok(`a runner of the tac8 at ${redisAddress(config.redisUrl)}`)];
    let found: Share | null;
    try {
      found = readShare(config.dataFolder);
    } catch (error) {
      return [problem(messageOf(error), `${command} share NAME`)];
    }
    if (found === null) return [ok("no other machine has access to this Redis")];
    const isOther = redisNamed && passwordFileOf(redisUrl) === null;
    const [listens, here] = [isOther || (await isSharedAt(found, config.dataFolder)), hasAddress(found.address)];
    const taken = !listens && here && (await isPortInUse(found));
    return evaluateShare({ share: found, command, listens, here, taken, isOther });
  },
};

/** Evaluate the shared Redis. Pure. `isOther`: REDIS_URL names another Redis than the one that was shared. */
export function evaluateShare(given: {
  share: Share;
  command: string;
  listens: boolean;
  here: boolean;
  /** Whether another program uses the port. */
  taken?: boolean;
  isOther: boolean;
}): Finding[] {
  const { share: found, command, listens, here, taken = false, isOther } = given;
  const where = `${found.address}:${found.port}`;
  if (isOther)
    return [
      problem(
        `other machines expect Redis at ${where}, but REDIS_URL is a different one`,
        `unset REDIS_URL, or stop sharing: env -u REDIS_URL ${command} unshare --all`,
      ),
    ];
  if (!here)
    return [
      problem(
        `other machines expect Redis at ${where}, but this machine no longer has that address`,
        `run ${command} share --address ADDRESS, then tac8 join again on each machine`,
      ),
    ];
  if (!listens && taken) return [problem(portInUseLine(found), `then ${command} doctor again`)];
  if (!listens)
    return [
      problem(
        `Redis does not listen on ${where}`,
        `check that tac8 is running: Redis opens the address within a minute`,
      ),
    ];
  return [ok(`${formatCount(found.machines.length, "other machine")} can use Redis at ${where}`)];
}
