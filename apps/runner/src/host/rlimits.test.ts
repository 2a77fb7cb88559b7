import { expect, test } from "vitest";
import { defaultMaxTasks } from "./rlimits.ts";

test.each([
  [1, 4096],
  [16, 4096],
  [17, 4352],
  [64, 16_384],
])("by default, a run on a host with %i cores may have %i processes and threads", (cores, tasks) => {
  expect(defaultMaxTasks(cores)).toBe(tasks);
});
