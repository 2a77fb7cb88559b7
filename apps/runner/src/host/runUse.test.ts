import { expect, test } from "vitest";
import { mayExceed } from "./runUse.ts";

const counted = { host: 9000, tasks: 100, check: 10 };

test.each([
  { what: "the whole machine has fewer than the limit", host: 400, check: 99, maxTasks: 4096, due: false },
  { what: "there is no limit", host: 90_000, check: 99, maxTasks: 0, due: false },
  { what: "no process has started since", host: 9000, check: 11, maxTasks: 4096, due: false },
  { what: "as many have started as are still allowed", host: 12_996, check: 11, maxTasks: 4096, due: false },
  { what: "more have started than are allowed", host: 12_997, check: 11, maxTasks: 4096, due: true },
  { what: "other processes exited", host: 8000, check: 14, maxTasks: 4096, due: false },
  { what: "they were not counted for 5 seconds", host: 8000, check: 15, maxTasks: 4096, due: true },
])("a run's processes are counted only if necessary: $what", ({ due, ...facts }) => {
  expect(mayExceed({ ...facts, counted })).toBe(due);
});
