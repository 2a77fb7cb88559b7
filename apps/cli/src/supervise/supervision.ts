import { restartDelayMs } from "./delay.ts";

/**
 * The states of a program that `tac8 up` keeps running:
 *
 *   first ──▶ steady ◀── again
 *     │ │        │        │ ▲
 *     │ └────────┼────────┤ │ the wait is over
 *     ▼          ▼        ▼ │
 *   over ◀──── waiting ─────┘
 *
 * `first`: the first start, until it has run for `STEADY_MS`. `again`: a later start, until then. `steady`: it has run for
 * `STEADY_MS`, so an end counts as the first one. `waiting`: it ended and restarts after a wait that increases with each
 * consecutive end. `over`: it is not restarted, and `up` ends with the reason. This happens only if the first start is refused, or
 * if the data of the program is lost with it. A later problem may be temporary, and the other programs continue.
 */
export type SupervisedState =
  | { readonly name: "first" }
  | { readonly name: "again"; readonly failures: number }
  | { readonly name: "steady" }
  /** `failures`: number of consecutive ends, including this one. */
  | { readonly name: "waiting"; readonly failures: number }
  | { readonly name: "over" };

export type SupervisedEvent =
  /** `refused`: it reported that it cannot start until the operator fixes something. `final`: its data is lost. */
  | { readonly type: "ended"; readonly refused: boolean; readonly final: boolean }
  /** It has run for `STEADY_MS`. */
  | { readonly type: "ran well" }
  | { readonly type: "wait over" };

export const FIRST: SupervisedState = { name: "first" };

/** Return the next state. Pure. An event that does not apply to the state, such as that of a late timer, changes nothing. */
export function nextState(state: SupervisedState, event: SupervisedEvent): SupervisedState {
  switch (state.name) {
    case "first":
    case "again":
    case "steady":
      if (event.type === "ran well") return { name: "steady" };
      if (event.type === "wait over") return state;
      if (event.final || (event.refused && state.name === "first")) return { name: "over" };
      return { name: "waiting", failures: state.name === "again" ? state.failures + 1 : 1 };
    case "waiting":
      return event.type === "wait over" ? { name: "again", failures: state.failures } : state;
    case "over":
      return state;
    default:
      return state satisfies never;
  }
}

/** Return the time until the next start, in ms. */
export function waitMs({ failures }: { readonly failures: number }): number {
  return restartDelayMs(failures - 1);
}

/** From this number of consecutive ends, the wait is at its maximum. */
const LONGEST_WAIT = 6;
/** After that, one line is printed every ten minutes. */
const EVERY = 20;

/** Whether to print a line about an end. An end that repeats is printed only sometimes. */
export function isWorthPrinting({ failures, same }: { readonly failures: number; readonly same: boolean }): boolean {
  return !same || failures <= LONGEST_WAIT || failures % EVERY === 0;
}
