import { keepsPolling, RUNNER_GONE_MS, type RunnerPresence, type SchedulerPresence } from "@tac8/core/state/presence";

/** What was seen; `redis` false means that the rest could not be read. */
export interface HealthSnapshot {
  readonly redis: boolean;
  readonly scheduler: SchedulerPresence | null;
  readonly runners: readonly RunnerPresence[];
  readonly pollIntervalSeconds: number;
}

/** The answer of `/healthz`; times are epoch ms. */
export interface Health {
  readonly ok: boolean;
  readonly redis: { readonly ok: boolean };
  readonly scheduler: { readonly ok: boolean; readonly lastPollAt: number | null; readonly error: string | null };
  readonly runners: { readonly ok: boolean; readonly present: number; readonly slots: number; readonly busy: number };
}

const MAX_ERROR = 500;

export function judgeHealth(snapshot: HealthSnapshot, now: number): Health {
  const redis = { ok: snapshot.redis };
  const scheduler = judgeScheduler(snapshot, now);
  const present = snapshot.redis ? presentRunners(snapshot.runners, now) : [];
  const runners = {
    ok: present.length > 0,
    present: present.length,
    slots: present.reduce((sum, { slots }) => sum + slots, 0),
    busy: present.reduce((sum, { busy }) => sum + busy, 0),
  };
  return { ok: redis.ok && scheduler.ok && runners.ok, redis, scheduler, runners };
}

export function presentRunners(runners: readonly RunnerPresence[], now: number): RunnerPresence[] {
  return runners.filter(({ at }) => now - at <= RUNNER_GONE_MS).sort((a, b) => a.name.localeCompare(b.name));
}

function judgeScheduler({ redis, scheduler, pollIntervalSeconds }: HealthSnapshot, now: number): Health["scheduler"] {
  if (!redis) return { ok: false, lastPollAt: null, error: "not known: Redis does not answer" };
  if (scheduler === null) return { ok: false, lastPollAt: null, error: "no scheduler has reported yet" };
  const { lastPollAt } = scheduler;
  const error = scheduler.error?.slice(0, MAX_ERROR) ?? null;
  if (lastPollAt === null) return { ok: false, lastPollAt, error: error ?? "no successful poll yet" };
  const ok = keepsPolling(scheduler, { now, pollSeconds: pollIntervalSeconds });
  return { ok, lastPollAt, error: error ?? (ok ? null : "no successful poll for too long") };
}
