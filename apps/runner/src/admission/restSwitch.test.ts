import { expect, it } from "vitest";
import { createRestSwitch } from "./restSwitch.ts";

it("a worker is called once for each change", async () => {
  const called: string[] = [];
  const rest = createRestSwitch({
    pause: async (doNotWaitActive) => void called.push(`pause ${doNotWaitActive}`),
    resume: async () => void called.push("resume"),
  });
  await rest(false);
  expect(called).toEqual([]);
  await rest(true);
  await rest(true);
  expect(called).toEqual(["pause true"]);
  await rest(false);
  expect(called).toEqual(["pause true", "resume"]);
});

it("one call ends before the next begins", async () => {
  const called: string[] = [];
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const rest = createRestSwitch({
    pause: async () => {
      begun.resolve();
      await gate.promise;
      called.push("paused");
    },
    resume: async () => void called.push("resumed"),
  });
  const pausing = rest(true);
  await begun.promise;
  const resuming = rest(false);
  gate.resolve();
  await Promise.all([pausing, resuming]);
  expect(called).toEqual(["paused", "resumed"]);
});

it("calls the worker again after a call has failed", async () => {
  let obeys = false;
  const called: string[] = [];
  const rest = createRestSwitch({
    pause: async () => {
      if (!obeys) throw new Error("Redis is unreachable");
      called.push("pause");
    },
    resume: async () => void called.push("resume"),
  });
  await expect(rest(true)).rejects.toThrow("Redis is unreachable");
  obeys = true;
  await rest(true);
  expect(called).toEqual(["pause"]);
});
