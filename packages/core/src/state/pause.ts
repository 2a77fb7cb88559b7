import type { Redis } from "ioredis";
import { BUDGET_HOLD } from "../domain/budget.ts";
import { OPERATOR, planHolds, type Hold } from "../domain/holds.ts";
import { parsePause, type Pause } from "../domain/pause.ts";
import { liftBudget } from "./budget.ts";
import { appendEvent } from "./events.ts";
import { clearHold, readHolds, setHold } from "./holds.ts";
import { PAUSES_CHANNEL, PAUSES_KEY } from "./keys.ts";

export interface PauseWish {
  /** `user@host`, `board`, `SIGUSR1`. */
  readonly by: string;
  readonly reason: string;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Nothing new starts anywhere until `resumeAll`; what runs goes on. The scheduler pauses the queue within its next look.
 * @returns the hold that is there now, and whether it `began` with this call.
 */
export async function pauseAll(
  redis: Redis,
  { by, reason, now }: PauseWish,
): Promise<{ readonly began: boolean; readonly hold: Hold }> {
  const wish: Hold = { name: OPERATOR, by, reason, since: now, until: null };
  const began = await setHold(redis, wish);
  const there = (await readHolds(redis)).find(({ name }) => name === OPERATOR);
  return { began, hold: there ?? wish };
}

/** Ends the operator's pause. @returns whether there was one, and the holds that are left. */
export async function resumeAll(
  redis: Redis,
  { by, now }: Pick<PauseWish, "by" | "now">,
): Promise<{ readonly ended: boolean; readonly holds: readonly Hold[] }> {
  return endHold(redis, { name: OPERATOR, by, now });
}

/** Ends a hold by its name, after a person has mended its cause. @returns whether there was one, and what is left. */
export async function endHold(
  redis: Redis,
  { name, by, now }: Pick<PauseWish, "by" | "now"> & { readonly name: string },
): Promise<{ readonly ended: boolean; readonly holds: readonly Hold[] }> {
  if (name === BUDGET_HOLD) {
    // A page that is left open over midnight has yesterday's button: the new day keeps its limits.
    const { live } = planHolds(await readHolds(redis), now);
    if (!live.some((hold) => hold.name === BUDGET_HOLD)) return { ended: false, holds: live };
    // Before the hold ends: the scheduler would set it again.
    await liftBudget(redis, now);
  }
  const ended = await clearHold(redis, name, by, "ended by a person");
  return { ended, holds: planHolds(await readHolds(redis), now).live };
}

/** The runner takes nothing new, also after a restart, until `resumeRunner`. @returns the pause that is there now. */
export async function pauseRunner(
  redis: Redis,
  { runner, by, reason, now }: PauseWish & { readonly runner: string },
): Promise<{ readonly began: boolean; readonly pause: Pause }> {
  const wish: Pause = { by, reason, since: now };
  const began = (await redis.hsetnx(PAUSES_KEY, runner, JSON.stringify(wish))) === 1;
  const there = began ? wish : ((await readPause(redis, runner)) ?? wish);
  if (began) await note(redis, { runner, by, reason: `runner ${runner} paused: ${reason}`, pause: "begun" });
  await redis.publish(PAUSES_CHANNEL, runner);
  return { began, pause: there };
}

/** @returns the pause that ended; null: there was none. */
export async function resumeRunner(
  redis: Redis,
  { runner, by }: { readonly runner: string; readonly by: string },
): Promise<Pause | null> {
  const there = await readPause(redis, runner);
  if ((await redis.hdel(PAUSES_KEY, runner)) === 0) return null;
  await note(redis, { runner, by, reason: `runner ${runner} resumed`, pause: "ended" });
  await redis.publish(PAUSES_CHANNEL, runner);
  return there;
}

export async function readPause(redis: Redis, runner: string): Promise<Pause | null> {
  return parsePause(await redis.hget(PAUSES_KEY, runner));
}

/** Every paused runner, by name; also those that are away. */
export async function readPauses(redis: Redis): Promise<ReadonlyMap<string, Pause>> {
  const all = await redis.hgetall(PAUSES_KEY);
  const known = Object.entries(all).flatMap(([runner, json]): [string, Pause][] => {
    const pause = parsePause(json);
    return pause === null ? [] : [[runner, pause]];
  });
  return new Map(known.toSorted(([a], [b]) => a.localeCompare(b)));
}

function note(
  redis: Redis,
  { runner, by, reason, pause }: { runner: string; by: string; reason: string; pause: "begun" | "ended" },
): Promise<void> {
  return appendEvent(redis, { issue: "", from: "", to: "note", by, reason, evidence: { runner, pause } });
}
