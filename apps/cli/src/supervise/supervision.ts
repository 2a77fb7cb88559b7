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
 * `first`: its first start, for as long as it has not run for `STEADY_MS`. `again`: a later start, for as long. `steady`:
 * it has run for that long, so an end counts as the first one. `waiting`: it ended, and starts again after a wait that grows with
 * each end in a row. `over`: it never starts again, and `up` ends with the reason. Only a first start that is refused leads
 * there, or the end of a program whose data is lost with it: a problem that comes later may pass, and the others work on.
 */
export type SupervisedState =
  | { readonly name: "first" }
  | { readonly name: "again"; readonly failures: number }
  | { readonly name: "steady" }
  /** `failures`: ends in a row, this one included. */
  | { readonly name: "waiting"; readonly failures: number }
  | { readonly name: "over" };

export type SupervisedEvent =
  /** `refused`: it said that its start makes no sense until someone fixes something. `final`: its data is lost with it. */
  | { readonly type: "ended"; readonly refused: boolean; readonly final: boolean }
  /** It has run for `STEADY_MS`. */
  | { readonly type: "ran well" }
  | { readonly type: "wait over" };

export const FIRST: SupervisedState = { name: "first" };

/** Pure. An event that does not belong to the state, such as a timer that was late, changes nothing. */
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

/** Milliseconds until the next start. */
export function waitMs({ failures }: { readonly failures: number }): number {
  return restartDelayMs(failures - 1);
}

/** From this end in a row on the wait is the longest. */
const LONGEST_WAIT = 6;
/** Then a line every ten minutes. */
const EVERY = 20;

/** Whether an end is worth a line: one that repeats the same words all night is not. */
export function isWorthALine({ failures, same }: { readonly failures: number; readonly same: boolean }): boolean {
  return !same || failures <= LONGEST_WAIT || failures % EVERY === 0;
}
