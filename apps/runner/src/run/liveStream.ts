import type { Redis } from "ioredis";
import { within } from "@tac8/core/app/within";
import type { Logger } from "@tac8/core/log/logger";
import { runStreamKey } from "@tac8/core/state/keys";
import type { LiveEvent } from "@tac8/core/conversation/event";
import { RUN_STREAM_SECONDS } from "@tac8/core/conversation/stream";

const FLUSH_MS = 500;
/** Time limit for the last entries. A Redis that answers needs milliseconds. */
const CLOSE_MS = 2000;
/** Maximum number of entries of one run, with at most 2 kB each. This limits the memory that a run uses in Redis. */
const MAX_ENTRIES = 1000;

export interface LiveStream {
  add(event: LiveEvent): void;
  /** Write the remaining entries, within a time limit in case Redis does not answer. */
  close(): Promise<void>;
}

export interface LiveStreamOptions {
  /** Borrowed. */
  readonly redis: Redis;
  readonly runId: string;
  readonly log: Logger;
  /** Remove secrets. An agent knows the key of its own API, and may print it. */
  readonly redact: (text: string) => string;
  readonly closeMs?: number;
}

/**
 * Open the live stream of an agent's output in Redis, which every machine can read. It is written in batches. While Redis is
 * unreachable the oldest entries are dropped, because the raw log on disk does not need Redis.
 */
export function openLiveStream({ redis, runId, log, redact, closeMs = CLOSE_MS }: LiveStreamOptions): LiveStream {
  const key = runStreamKey(runId);
  let waiting: LiveEvent[] = [];
  let writing: Promise<void> | null = null;

  async function write(batch: LiveEvent[]): Promise<void> {
    const pipeline = redis.pipeline();
    for (const event of batch) pipeline.xadd(key, "MAXLEN", "~", MAX_ENTRIES, "*", "event", JSON.stringify(event));
    pipeline.expire(key, RUN_STREAM_SECONDS);
    try {
      await pipeline.exec();
    } catch (error) {
      log.debug({ err: error }, "could not write live output to Redis: tac8 view reads it from the raw log");
    }
  }

  function flush(): Promise<void> | null {
    if (writing !== null || waiting.length === 0) return writing;
    const batch = waiting;
    waiting = [];
    writing = write(batch).finally(() => {
      writing = null;
    });
    return writing;
  }

  const timer = setInterval(() => void flush(), FLUSH_MS);
  return {
    add(event) {
      waiting.push(redactEvent(event, redact));
      if (waiting.length > MAX_ENTRIES) waiting.shift();
    },
    async close() {
      clearInterval(timer);
      if (redis.status !== "ready") return; // The end of a run does not wait for an unreachable Redis.
      const written = Promise.resolve(flush()).then(flush); // The second flush writes the entries that arrived during the first one.
      if (!(await within(written, closeMs)))
        log.debug("could not write the last live output, because Redis does not answer: the raw log has it");
    },
  };
}

/** Redact the fields of an event that have text of the agent. */
function redactEvent(event: LiveEvent, redact: (text: string) => string): LiveEvent {
  const todo = event.todo?.map((item) => ({ ...item, text: redact(item.text) }));
  return { ...event, text: redact(event.text), ...(todo !== undefined && { todo }) };
}
