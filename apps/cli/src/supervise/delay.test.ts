import { expect, it } from "vitest";
import { restartDelayMs } from "./delay.ts";

it("grows from 1 s to 30 s", () => {
  expect([0, 1, 2, 3, 4, 5, 1000].map(restartDelayMs)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});
