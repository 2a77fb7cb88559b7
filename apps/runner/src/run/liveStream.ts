import type { Redis } from "ioredis";
import { within } from "@tac8/core/app/within";
import type { Logger } from "@tac8/core/log/logger";
import { runStreamKey } from "@tac8/core/state/keys";
import type { LiveEvent } from "@tac8/core/conversation/event";
import { RUN_STREAM_SECONDS } from "@tac8/core/conversation/stream";

const FLUSH_MS = 500;
/** Its last words take milliseconds where there is a Redis that answers. */
const CLOSE_MS = 2000;
/** Entries of 2 kB at most: what one run may take of Redis' memory. */
const MAX_ENTRIES = 1000;

export interface LiveStream {
  add(event: LiveEvent): void;
  /** Writes what is left, for a bounded time: a Redis that does not answer gets no more. */
  close(): Promise<void>;
}

export interface LiveStreamOptions {
  /** Borrowed. */
  readonly redis: Redis;
  readonly runId: string;
  readonly log: Logger;
  /** An agent sees the key of its own API, and may say it. */
  readonly redact: (text: string) => string;
  readonly closeMs?: number;
}

/**
 * What the agent says, for reading it from anywhere. Written in batches; while Redis is unreachable the oldest entries are
 * dropped, since the whole of it is in the raw log on disk.
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
      log.debug({ err: error }, "live events were not written");
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
      if (redis.status !== "ready") return; // The end of a run does not wait for Redis to come back.
      const written = Promise.resolve(flush()).then(flush); // What came while the first batch was on its way.
      if (!(await within(written, closeMs))) log.debug("the last live events were not written: Redis does not answer");
    },
  };
}

/** Whatever of an event the agent has worded. */
function redactEvent(event: LiveEvent, redact: (text: string) => string): LiveEvent {
  const todo = event.todo?.map((item) => ({ ...item, text: redact(item.text) }));
  return { ...event, text: redact(event.text), ...(todo !== undefined && { todo }) };
}
