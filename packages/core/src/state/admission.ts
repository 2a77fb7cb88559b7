import type { Redis } from "ioredis";
import { admissionOf, OPEN, pauseCause, planAdmission, type Admission } from "../domain/admission.ts";
import { parseBreaker } from "../domain/breaker.ts";
import type { Cause } from "../domain/cause.ts";
import { planHolds } from "../domain/holds.ts";
import type { Pause } from "../domain/pause.ts";
import { currentReasons, readEvaluation } from "./healthEvaluation.ts";
import { readHolds } from "./holds.ts";
import { BREAKER_KEY } from "./keys.ts";
import type { RunnerPresence } from "./presence.ts";

/** The admission of the whole queue. `now` is epoch ms. */
export async function readQueueAdmission(redis: Redis, now: number): Promise<Admission> {
  const [holds, breaker, evaluation] = await Promise.all([
    readHolds(redis),
    redis.get(BREAKER_KEY),
    readEvaluation(redis),
  ]);
  const probing = parseBreaker(breaker).phase === "probing";
  return planAdmission({
    queue: { holds: planHolds(holds, now).live, probing },
    runner: null,
    reasons: currentReasons(evaluation, now),
  });
}

/**
 * The admission of a runner as it has announced it; of a version that does not, as far as it says. Pure.
 * @param pause as Redis has it, which is newer than what the runner has announced; absent: not read
 */
export function runnerAdmission(runner: RunnerPresence, pause?: Pause | null): Admission {
  const announced = runner.admission ?? fromOlder(runner);
  if (pause === undefined) return announced;
  const others = announced.causes.filter(({ code }) => code !== "paused");
  return admissionOf([...others, ...(pause === null ? [] : [pauseCause(pause)])]);
}

function fromOlder({ tired, paused, limit, slots }: RunnerPresence): Admission {
  const causes: Cause[] = [];
  if (typeof tired === "string") causes.push({ code: "host", effect: "closed", text: tired });
  if (paused) causes.push(pauseCause(paused));
  if (limit !== undefined && limit < slots) causes.push({ code: "health", effect: "half", text: "see tac8 status" });
  return causes.length === 0 ? OPEN : admissionOf(causes);
}
