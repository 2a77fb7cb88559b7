import { expect, test } from "vitest";
import { RefusalLog } from "./refusalLog.ts";

const HOUR = 3_600_000;

function logAt(clock: { now: number }): { readonly log: RefusalLog; readonly lines: unknown[] } {
  const lines: unknown[] = [];
  return { log: new RefusalLog({ warn: (facts: object) => void lines.push(facts) }, () => clock.now), lines };
}

test("a host is logged once an hour", () => {
  const clock = { now: 0 };
  const { log, lines } = logAt(clock);
  for (const now of [0, 1, HOUR - 1, HOUR]) {
    clock.now = now;
    log.add("nas.test", "a private address");
  }
  const line = { host: "nas.test", why: "a private address" };
  expect(lines).toEqual([line, line]);
});

test("many names fill neither the log nor the memory", () => {
  const clock = { now: 0 };
  const { log, lines } = logAt(clock);
  for (let n = 0; n < 10_000; n += 1) log.add(`${n}.test`, "a private address");
  expect(lines).toHaveLength(200);
  // One hour with one name per second.
  for (let n = 0; n < 3600; n += 1) {
    clock.now = 1000 * n;
    log.add(`later-${n}.test`, "a private address");
  }
  expect(lines.length).toBeLessThan(410);
});
