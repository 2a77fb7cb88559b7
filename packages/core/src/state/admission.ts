import type { Redis } from "ioredis";
import { admissionOf, OPEN, pauseCause, planAdmission, type Admission } from "../domain/admission.ts";
import { parseBreaker } from "../domain/breaker.ts";
import type { AdmissionCause } from "../domain/admissionCause.ts";
import { planHolds } from "../domain/holds.ts";
import type { Pause } from "../domain/pause.ts";
import { currentReasons, readEvaluation } from "./healthEvaluation.ts";
import { readHolds } from "./holds.ts";
import { BREAKER_KEY } from "./keys.ts";
import type { RunnerPresence } from "./presence.ts";

/** Return the admission of the whole queue. `now`: epoch ms. */
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
 * Return the admission that a runner has announced. For older versions, which announce none, it is derived from other fields. Pure.
 * @param pause the pause in Redis, which is newer than the announced one; absent: not read
 */
export function runnerAdmission(runner: RunnerPresence, pause?: Pause | null): Admission {
  const announced = runner.admission ?? fromOlder(runner);
  if (pause === undefined) return announced;
  const others = announced.causes.filter(({ code }) => code !== "paused");
  return admissionOf([...others, ...(pause === null ? [] : [pauseCause(pause)])]);
}

function fromOlder({ tired: overloadReason, paused, limit, slots }: RunnerPresence): Admission {
  const causes: AdmissionCause[] = [];
  if (typeof overloadReason === "string") causes.push({ code: "host", effect: "closed", text: overloadReason });
  if (paused) causes.push(pauseCause(paused));
  if (limit !== undefined && limit < slots) causes.push({ code: "health", effect: "half", text: "see tac8 status" });
  return causes.length === 0 ? OPEN : admissionOf(causes);
}
