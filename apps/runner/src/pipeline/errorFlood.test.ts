import { expect, it } from "vitest";
import { detectErrorFlood } from "./errorFlood.ts";

function flood() {
  let at = 0;
  const count = detectErrorFlood({ limit: 100, windowMs: 10, consecutiveWindows: 3, now: () => at });
  return (time: number, errors: number): boolean => {
    at = time;
    return Array.from({ length: errors }, count).some((lasts) => lasts);
  };
}

it("reports a flood that lasts", () => {
  const come = flood();
  expect([come(0, 500), come(10, 100), come(20, 99)]).toEqual([false, false, false]);
  expect(come(29, 1)).toBe(true);
});

it("ignores single errors, however long they continue", () => {
  const come = flood();
  for (let time = 0; time < 1000; time += 10) expect(come(time, 99)).toBe(false);
});

it("ignores floods with pauses in between", () => {
  const come = flood();
  for (let time = 0; time < 1000; time += 40) expect([come(time, 500), come(time + 10, 500)]).toEqual([false, false]);
});
