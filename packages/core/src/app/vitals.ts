import { monitorEventLoopDelay } from "node:perf_hooks";
import type { GitHub } from "../github/client.ts";
import type { GitHubPresence, ProcessPresence } from "../state/presence.ts";

/** A lag matters from one second on. A finer resolution would wake an idle process too often (50 times a second: 0.1 % of a core). */
const RESOLUTION_MS = 200;
const MB = 1024 ** 2;

export interface Vitals {
  /** Return the values of this process now. The lag is the longest since the previous call. */
  read(): ProcessPresence;
  close(): void;
}

/** Measure this process's memory and the lag of its event loop. */
export function watchVitals(): Vitals {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const startedAt = Math.round(performance.timeOrigin);
  delay.enable();
  return {
    read() {
      // The measured delay includes the interval of the measurement.
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
