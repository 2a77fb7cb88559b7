import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { JobState } from "../status/shownState.ts";
import type { JobFacts } from "./facts.ts";

/** Entries of BullMQ's lists that are searched: what waits by priority is in a sorted set, so they are short. */
const MAX_CHECKED = 5000;

/**
 * One job, and its place in the queue: as many commands with 100,000 that wait as with one. BullMQ's own `getState` searches
 *  whole lists. `queue` names the keys.
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
    // The next one is at the end.
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
    // The upper bits of its score are the time in ms.
    until: state === "delayed" ? Math.floor(Number(delayed) / 0x1000) : null,
    attemptsMade: Number(fields["atm"] ?? 0),
    maxAttempts: Number(parse(fields["opts"])["attempts"] ?? 1),
    lockMs: typeof lock === "number" && lock > 0 ? lock : null,
  };
}

/** What was put back by BullMQ itself waits in a list, which goes before everything that is prioritized. */
function aheadOf({ place, rank, waiting }: { place: unknown; rank: unknown; waiting: number }): number | null {
  if (typeof place === "number") return Math.max(0, waiting - 1 - place);
  return typeof rank === "number" ? waiting + rank : null;
}

function parse(json: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(json ?? "{}");
    return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  } catch {
    return {}; // Damaged: the queue still has a job of this id.
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
