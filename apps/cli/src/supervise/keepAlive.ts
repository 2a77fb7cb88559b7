import { setTimeout as sleep } from "node:timers/promises";
import { STEADY_MS } from "./delay.ts";
import { FIRST, isWorthPrinting, nextState, waitMs, type SupervisedEvent } from "./supervision.ts";

/** The end of one life of a program. */
export interface LifeEnd {
  /** The end as text, such as `exited with code 1`. */
  readonly text: string;
  /** Why the program cannot start, if it reported that; null: it ended in any other way. */
  readonly refusal: string | null;
}

export interface KeptAlive<End extends LifeEnd> {
  /** Runs one life, from start to end. Must not reject. */
  readonly live: () => Promise<End>;
  /** Aborted to stop the program permanently. */
  readonly signal: AbortSignal;
  /** Whether its data is lost when it ends, so that it is not restarted. */
  readonly final?: boolean;
  /** Called before a restart. `why`: the start of a line for the operator. Repeated ends are not reported. */
  readonly onWait: (why: string, seconds: number) => void;
  /** Called when it runs well again, with the number of consecutive ends before. */
  readonly onRecovered?: (times: number) => void;
  readonly steadyMs?: number;
}

/**
 * Run a program again each time it ends, until the signal is aborted or the program is `over` (see supervision.ts).
 * @returns the last end; null: it was stopped between two lives
 */
export async function keepAlive<End extends LifeEnd>(options: KeptAlive<End>): Promise<End | null> {
  const { live, signal, final = false, onWait, onRecovered, steadyMs = STEADY_MS } = options;
  let state = FIRST;
  let last = "";
  const move = (event: SupervisedEvent): void => {
    const before = state;
    state = nextState(state, event);
    if (before.name === "again" && state.name === "steady") onRecovered?.(before.failures);
  };
  for (;;) {
    const timer = setTimeout(() => move({ type: "ran well" }), steadyMs);
    const end = await live();
    clearTimeout(timer);
    if (signal.aborted) return end;
    move({ type: "ended", refused: end.refusal !== null, final });
    if (state.name !== "waiting") return end;
    const delay = waitMs(state);
    const words = end.refusal === null ? `${end.text} unexpectedly` : `cannot start: ${end.refusal}`;
    if (isWorthPrinting({ failures: state.failures, same: words === last })) onWait(words, delay / 1000);
    last = words;
    if (!(await sleep(delay, true, { signal }).catch(() => false))) return null;
    move({ type: "wait over" });
  }
}
