import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { JobState } from "../status/shownState.ts";
import type { JobFacts } from "./facts.ts";

/** Number of entries of BullMQ's lists that are searched. The lists are short, because prioritized jobs are in a sorted set. */
const MAX_CHECKED = 5000;

/**
 * Read a job and its position in the queue. The number of commands does not grow with the queue; BullMQ's own `getState` searches whole
 * lists. `queue`: returns the names of the keys.
 */
export async function readJob(redis: Redis, queue: Pick<Queue, "toKey">, jobId: string): Promise<JobFacts | null> {
  const key = (name: string) => queue.toKey(name);
  const answers = await redis
    .pipeline()
    .hgetall(key(jobId))
    .zscore(key("completed"), jobId)
    .zscore(key("failed"), jobId)
    .zscore(key("delayed"), jobId)
    .zrank(key("prioritized"), jobId)
    // The next job is at the end of the list.
    .call("LPOS", key("wait"), jobId, "RANK", "-1", "MAXLEN", MAX_CHECKED)
    .call("LPOS", key("active"), jobId, "MAXLEN", MAX_CHECKED)
    .llen(key("wait"))
    .pttl(key(`${jobId}:lock`))
    .exec();
  const [hash, completed, failed, delayed, rank, place, active, waiting, lock] = (answers ?? []).map(
    ([error, value]) => {
      if (error) throw error;
      return value;
    },
  );
  const fields = (hash ?? {}) as Readonly<Record<string, string>>;
  if (Object.keys(fields).length === 0) return null;
  const state: JobState | null =
    typeof active === "number"
      ? "active"
      : typeof place === "number"
        ? "waiting"
        : typeof rank === "number"
          ? "prioritized"
          : typeof delayed === "string"
            ? "delayed"
            : typeof failed === "string"
              ? "failed"
              : typeof completed === "string"
                ? "completed"
                : null;
  const data = parse(fields["data"]);
  return {
    state,
    title: text(data["title"]),
    url: text(data["url"]),
    ahead: aheadOf({ place, rank, waiting: Number(waiting) }),
    priority: Number(fields["priority"] ?? 0),
    // The upper bits of the score are the time in ms.
    until: state === "delayed" ? Math.floor(Number(delayed) / 0x1000) : null,
    attemptsMade: Number(fields["atm"] ?? 0),
    maxAttempts: Number(parse(fields["opts"])["attempts"] ?? 1),
    lockMs: typeof lock === "number" && lock > 0 ? lock : null,
  };
}

/** Return the number of jobs ahead. Jobs that BullMQ has returned to the queue wait in a list, which runs before all prioritized jobs. */
function aheadOf({ place, rank, waiting }: { place: unknown; rank: unknown; waiting: number }): number | null {
  if (typeof place === "number") return Math.max(0, waiting - 1 - place);
  return typeof rank === "number" ? waiting + rank : null;
}

function parse(json: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(json ?? "{}");
    return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  } catch {
    return {}; // Damaged. The queue still has a job with this id.
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
