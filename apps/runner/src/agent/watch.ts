export interface WatchOptions {
  readonly wallMs: number;
  readonly stallMs: number;
  readonly heartbeatMs: number;
  readonly onTimeout: () => void;
  readonly onStall: () => void;
  readonly onBeat: () => void;
}

export interface Watch {
  /** Call this for each output of the agent. */
  readonly received: () => void;
  readonly stop: () => void;
}

/** Node fires a timer immediately if it is longer than this (24.8 days). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Start the timers of a run: its total time, silence, and the heartbeat to the guard. */
export function startWatch(options: WatchOptions): Watch {
  const timer = (action: () => void, ms: number): NodeJS.Timeout => setTimeout(action, Math.min(ms, MAX_TIMER_MS));
  const wall = timer(options.onTimeout, options.wallMs);
  const stall = timer(options.onStall, options.stallMs);
  const beat = setInterval(options.onBeat, options.heartbeatMs);
  let stopped = false;
  return {
    received() {
      if (!stopped) stall.refresh();
    },
    stop() {
      stopped = true;
      clearTimeout(wall);
      clearTimeout(stall);
      clearInterval(beat);
    },
  };
}
