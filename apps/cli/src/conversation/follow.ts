import type { LiveEvent } from "@tac8/core/conversation/event";
import { openRunLog, type RunLog } from "@tac8/core/conversation/runLog";
import { readRunStream } from "@tac8/core/conversation/stream";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { setTimeout as sleep } from "node:timers/promises";
import { logPaths, redactor, type ReadOptions } from "./readConversation.ts";

/** The live stream is written at this interval. */
const CHECK_MS = 500;
const PAGE = 500;

/** A source of events. `next` returns new events in order; an empty list: there are none. */
interface Source {
  next(): Promise<LiveEvent[]>;
  end(): LiveEvent[];
  close(): Promise<void>;
}

export interface FollowOptions extends ReadOptions {
  readonly jobId: string;
  /** Aborted when the user stops following. */
  readonly signal: AbortSignal;
}

/** Yield the events of a run from its start, in batches, until it ends or `signal` is aborted. */
export async function* follow(options: FollowOptions): AsyncGenerator<LiveEvent[]> {
  const { redis, jobId, run, signal } = options;
  const store = createIssueStore(redis);
  const source = await openSource(options);
  try {
    while (!signal.aborted) {
      // Checked before the read, so that the last read happens after the end of the run.
      const over = (await store.read(jobId)).run.id !== run.run;
      for (let batch = await source.next(); batch.length > 0 && !signal.aborted; batch = await source.next())
        yield batch;
      if (over) {
        yield source.end();
        return;
      }
      await sleep(CHECK_MS, null, { signal }).catch(() => null);
    }
  } finally {
    await source.close();
  }
}

async function openSource(options: FollowOptions): Promise<Source> {
  const log = options.detailed ? await openLog(options) : null;
  if (log !== null) {
    const hide = redactor(options.installation);
    return {
      next: async () => (await log.next()).map(hide),
      end: () => log.end().map(hide),
      close: () => log.close(),
    };
  }
  let after = "0";
  return {
    async next() {
      const page = await readRunStream(options.redis, { run: options.run.run, after, count: PAGE });
      after = page.last;
      return page.events;
    },
    end: () => [],
    close: async () => undefined,
  };
}

async function openLog(options: FollowOptions): Promise<RunLog | null> {
  for (const path of logPaths(options)) {
    const log = await openRunLog(path, { detailed: true, startedAt: Date.parse(options.run.at) });
    if (log !== null) return log;
  }
  return null;
}
