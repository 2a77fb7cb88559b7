import { cpuMs } from "./proc.ts";
import { isFirstPage } from "./requests.ts";
import type { BenchStage } from "./stage.ts";

const MOST_MS = 5 * 60_000;

export interface Poll {
  readonly durationMs: number;
  /** CPU time of the scheduler from the start of this poll to that of the next one. */
  readonly cpuMs: number;
  /** Requests from the start of this poll to that of the next one. */
  readonly requests: number;
}

/** A scheduler whose polls are measured from the first one on. */
export interface Polling extends AsyncDisposable {
  /** Measure the first poll. @throws Error if it takes more than five minutes */
  first(): Promise<Poll>;
  /** Measure the next polls. Each is complete when the following one starts. @throws Error after a time limit */
  next(count: number): Promise<Poll[]>;
  /** Milliseconds since the last request. */
  readonly silentMs: number;
}

const LIST = /\/issues$/;

interface Start {
  readonly at: number;
  readonly cpu: number;
  requests: number;
  /** Time of its latest request for a page of the list: later requests before the next first page belong to the next poll. */
  lastAt: number;
}

/**
 * Start the scheduler and watch its polls from GitHub's side. It waits `intervalMs` between the end of a poll and the start
 * of the next, so the duration of a poll is the time between two starts minus the interval.
 */
export async function startPolling(options: {
  readonly stage: Pick<BenchStage, "github" | "start">;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}): Promise<Polling> {
  const { stage, intervalMs, signal } = options;
  const starts: Start[] = [];
  let wake = (): void => undefined;
  let lastAt = performance.now();
  let pid = 0;
  await using opened = new AsyncDisposableStack();
  const stop = stage.github.onRequest((entry) => {
    lastAt = performance.now();
    if (isFirstPage(entry)) starts.push({ at: entry.at, cpu: cpuMs(pid), requests: 0, lastAt: entry.at });
    const current = starts.at(-1);
    if (current === undefined) return;
    current.requests += 1;
    if (LIST.test(entry.path)) current.lastAt = entry.at;
    wake();
  });
  opened.defer(stop);
  opened.use(await stage.start("scheduler", { onSpawn: (spawned) => void (pid = spawned) }));

  async function from(index: number, count: number): Promise<Poll[]> {
    const deadline = performance.now() + MOST_MS;
    while (starts.length <= index + count) {
      signal.throwIfAborted();
      if (performance.now() > deadline) throw new Error("timed out: a poll");
      await Promise.race([
        new Promise<void>((resolve) => (wake = resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, 1000).unref()),
      ]);
    }
    return Array.from({ length: count }, (_, more) =>
      pollOf(starts[index + more], starts[index + more + 1], intervalMs),
    );
  }
  const all = opened.move();
  return {
    first: async () => (await from(0, 1))[0] as Poll,
    next: (count) => from(starts.length, count),
    get silentMs() {
      return performance.now() - lastAt;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function pollOf(start: Start | undefined, next: Start | undefined, intervalMs: number): Poll {
  if (start === undefined || next === undefined) throw new Error("a poll is missing: this is a defect");
  // A scheduler that starts its polls at fixed times would appear fast here: its requests say the least about its speed.
  const least = start.lastAt - start.at;
  return {
    durationMs: Math.max(least, next.at - start.at - intervalMs),
    cpuMs: next.cpu - start.cpu,
    requests: start.requests,
  };
}
