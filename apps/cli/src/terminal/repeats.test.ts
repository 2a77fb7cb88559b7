import { expect, it } from "vitest";
import { createRepeats } from "./repeats.ts";

it("distinguishes a signal that npm repeats from a second Ctrl-C", () => {
  const isRepeat = createRepeats(300);
  const seen = [0, 5, 1000].map((now) => isRepeat("SIGINT", now));
  expect([...seen, isRepeat("SIGTERM", 1000)]).toEqual([false, true, false, false]);
});
