import type { Redis } from "ioredis";
import { within } from "@tac8/core/app/within";
import { aheadOfRedis } from "@tac8/core/state/clock";

/** Delays are in the queue by the clocks of those who set them, and every worker ends them by its own. */
const MOST_MS = 60_000;
const ANSWER_MS = 2000;

/** Return what is wrong with this machine's clock, for people; null: nothing, as far as Redis' clock can tell. */
export type ClockCheck = () => Promise<string | null>;

/** Make a check of the clock against Redis'. While Redis does not answer, the result is that of the time before. */
export function createClockCheck(redis: Redis): ClockCheck {
  let trouble: string | null = null;
  return async () => {
    if (redis.status !== "ready") return trouble;
    const asked = aheadOfRedis(redis)
      .then((ahead) => (trouble = Math.abs(ahead) > MOST_MS ? words(ahead) : null))
      .catch(() => undefined);
    await within(asked, ANSWER_MS);
    return trouble;
  };
}

function words(ahead: number): string {
  const seconds = Math.round(Math.abs(ahead) / 1000);
  return `its clock is ${seconds} s ${ahead > 0 ? "ahead of" : "behind"} Redis': correct it (timedatectl set-ntp true)`;
}
