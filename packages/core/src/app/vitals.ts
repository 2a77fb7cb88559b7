import { monitorEventLoopDelay } from "node:perf_hooks";
import type { GitHub } from "../github/client.ts";
import type { GitHubPresence, ProcessPresence } from "../state/presence.ts";

/** Lags matter from a second on; a finer clock wakes an idle process for nothing (50 times a second: 0.1 % of a core). */
const RESOLUTION_MS = 200;
const MB = 1024 ** 2;

export interface Vitals {
  /** Of this process now; the lag is that since the check before. */
  read(): ProcessPresence;
  close(): void;
}

/** Watches this process' memory and how late its event loop is. */
export function watchVitals(): Vitals {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const startedAt = Math.round(performance.timeOrigin);
  delay.enable();
  return {
    read() {
      // Its own interval is part of what it measures; nothing measured yet is no lag.
      const lagMs = delay.count === 0 ? 0 : Math.max(0, Math.round(delay.max / 1e6) - RESOLUTION_MS);
      delay.reset();
      return { rssMb: Math.round(process.memoryUsage.rss() / MB), lagMs, startedAt };
    },
    close: () => void delay.disable(),
  };
}

export function githubPresence({ counters, rateLimit }: Pick<GitHub, "counters" | "rateLimit">): GitHubPresence {
  return { ...counters, rateLimit };
}
