import type { Redis } from "ioredis";
import { within } from "@tac8/core/app/within";
import { clockOffset } from "@tac8/core/state/clock";

/** Maximum difference. Delays in the queue are set by one host's clock, and end by another's. */
const MOST_MS = 60_000;
const ANSWER_MS = 2000;

/** Return a message about this machine's wrong clock, for users; null if Redis' clock shows no problem. */
export type ClockCheck = () => Promise<string | null>;

/** Return a check of the clock against Redis' clock. While Redis does not answer, it returns the previous result. */
export function createClockCheck(redis: Redis): ClockCheck {
  let trouble: string | null = null;
  return async () => {
    if (redis.status !== "ready") return trouble;
    const asked = clockOffset(redis)
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
