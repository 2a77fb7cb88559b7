import { setTimeout as sleep } from "node:timers/promises";
import { STEADY_MS } from "./delay.ts";
import { FIRST, isWorthALine, nextState, waitMs, type SupervisedEvent } from "./supervision.ts";

/** How one life of a program ended. */
export interface LifeEnd {
  /** `ended with exit code 1`. */
  readonly text: string;
  /** The program said that it cannot start, and why; null: it ended in any other way. */
  readonly refusal: string | null;
}

export interface KeptAlive<End extends LifeEnd> {
  /** One life, from its start to its end. Must not reject. */
  readonly live: () => Promise<End>;
  /** Aborted when it is to end for good. */
  readonly signal: AbortSignal;
  /** Its data is lost with it: no second life. */
  readonly final?: boolean;
  /** It starts again after some seconds; `why` is half a line for the operator. Ends that repeat themselves are left out. */
  readonly onWait: (why: string, seconds: number) => void;
  /** It runs well after it had ended this often in a row. */
  readonly onWell?: (times: number) => void;
  readonly steadyMs?: number;
}

/**
 * Runs lives one after the other until the signal is aborted, or the program is `over` (see supervision.ts).
 * @returns the last end; null: it was stopped between two lives
 */
export async function keepAlive<End extends LifeEnd>(options: KeptAlive<End>): Promise<End | null> {
  const { live, signal, final = false, onWait, onWell, steadyMs = STEADY_MS } = options;
  let state = FIRST;
  let last = "";
  const move = (event: SupervisedEvent): void => {
    const before = state;
    state = nextState(state, event);
    if (before.name === "again" && state.name === "steady") onWell?.(before.failures);
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
    if (isWorthALine({ failures: state.failures, same: words === last })) onWait(words, delay / 1000);
    last = words;
    if (!(await sleep(delay, true, { signal }).catch(() => false))) return null;
    move({ type: "wait over" });
  }
}
