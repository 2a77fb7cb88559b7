import { expect, test } from "vitest";
import { valueWithin, within } from "./within.ts";

const never = new Promise<never>(() => undefined);

test("a promise that is fulfilled or rejected in time was settled in time", async () => {
  expect(await within(Promise.resolve(1), 60_000)).toBe(true);
  expect(await within(Promise.reject(new Error("no")), 60_000)).toBe(true);
  expect(await within(never, 0)).toBe(false);
});

test("the value comes in time, or what stands for it", async () => {
  expect(await valueWithin(Promise.resolve(1), 60_000, () => "late")).toBe(1);
  expect(await valueWithin(never, 0, () => "late")).toBe("late");
});

test("a rejection in time is passed on, `late` may throw, and a later rejection is ignored", async () => {
  await expect(valueWithin(Promise.reject(new Error("no")), 60_000, () => null)).rejects.toThrow("no");
  const work = Promise.withResolvers<never>();
  const late = () => {
    throw new Error("too late");
  };
  await expect(valueWithin(work.promise, 0, late)).rejects.toThrow("too late");
  work.reject(new Error("afterwards"));
  await expect(work.promise).rejects.toThrow("afterwards");
});
