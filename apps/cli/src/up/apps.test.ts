import { expect, it } from "vitest";
import { APPS, inStopOrder, LOCAL_GITHUB, stopLimitMs } from "./apps.ts";

it("stops apps that only read before those that write, and GitHub last", () => {
  const names = inStopOrder([LOCAL_GITHUB, ...APPS]).map(({ name }) => name);
  expect(names).toEqual(["board", "scheduler", "runner", "github"]);
});

it("gives the runner its grace and ten seconds more", () => {
  expect(stopLimitMs("runner", 30)).toBe(40_000);
  expect(stopLimitMs("board", 30)).toBe(15_000);
});
