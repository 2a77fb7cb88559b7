import { expect, it } from "vitest";
import {
  FIRST,
  isWorthPrinting,
  nextState,
  waitMs,
  type SupervisedEvent,
  type SupervisedState,
} from "./supervision.ts";

const again: SupervisedState = { name: "again", failures: 3 };
const steady: SupervisedState = { name: "steady" };
const waiting: SupervisedState = { name: "waiting", failures: 3 };
const over: SupervisedState = { name: "over" };
const crashed: SupervisedEvent = { type: "ended", refused: false, final: false };
const refused: SupervisedEvent = { type: "ended", refused: true, final: false };
const lost: SupervisedEvent = { type: "ended", refused: false, final: true };
const ranWell: SupervisedEvent = { type: "ran well" };
const waitOver: SupervisedEvent = { type: "wait over" };

it.each<readonly [SupervisedState, SupervisedEvent, SupervisedState]>([
  [FIRST, crashed, { name: "waiting", failures: 1 }],
  [FIRST, refused, over],
  [FIRST, lost, over],
  [FIRST, ranWell, steady],
  [FIRST, waitOver, FIRST],
  [again, crashed, { name: "waiting", failures: 4 }],
  [again, refused, { name: "waiting", failures: 4 }],
  [again, lost, over],
  [again, ranWell, steady],
  [again, waitOver, again],
  [steady, crashed, { name: "waiting", failures: 1 }],
  [steady, refused, { name: "waiting", failures: 1 }],
  [steady, lost, over],
  [steady, ranWell, steady],
  [steady, waitOver, steady],
  [waiting, crashed, waiting],
  [waiting, refused, waiting],
  [waiting, lost, waiting],
  [waiting, ranWell, waiting],
  [waiting, waitOver, again],
  [over, crashed, over],
  [over, refused, over],
  [over, lost, over],
  [over, ranWell, over],
  [over, waitOver, over],
])("%j with %j is %j", (state, event, next) => {
  expect(nextState(state, event)).toEqual(next);
});

it("waits grow from 1 to 30 seconds", () => {
  expect([1, 2, 3, 6, 7, 1000].map((failures) => waitMs({ failures }))).toEqual([
    1000, 2000, 4000, 30_000, 30_000, 30_000,
  ]);
});

it("prints a line for each end while the waits increase, and for other texts; then one in twenty", () => {
  const lines = Array.from({ length: 100 }, (_, index) => isWorthPrinting({ failures: index + 1, same: index > 0 }));
  expect(lines.filter(Boolean)).toHaveLength(6 + 5);
  expect(isWorthPrinting({ failures: 50, same: false })).toBe(true);
});
