import { expect, it } from "vitest";
import { createBrake } from "./brake.ts";

it("a worker rests while there is any reason, and is told once", async () => {
  const told: string[] = [];
  const brake = createBrake({
    pause: async (doNotWaitActive) => void told.push(`pause ${doNotWaitActive}`),
    resume: async () => void told.push("resume"),
  });
  const tired = brake.lever();
  const paused = brake.lever();
  await tired.resume();
  await tired.pause(true);
  await paused.pause(true);
  await paused.pause(true);
  expect(told).toEqual(["pause true"]);
  await tired.resume();
  expect(told).toEqual(["pause true"]);
  await paused.resume();
  expect(told).toEqual(["pause true", "resume"]);
});

it("goes on after a worker that did not obey", async () => {
  let obeys = false;
  const told: string[] = [];
  const brake = createBrake({
    pause: async () => {
      if (!obeys) throw new Error("Redis is away");
      told.push("pause");
    },
    resume: async () => void told.push("resume"),
  });
  const lever = brake.lever();
  await expect(lever.pause(true)).rejects.toThrow("Redis is away");
  obeys = true;
  await lever.pause(true);
  expect(told).toEqual(["pause"]);
});
