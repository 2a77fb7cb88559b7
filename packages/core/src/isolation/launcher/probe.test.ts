import { expect, test } from "vitest";
import { probeLauncher } from "./probe.ts";

test("a launcher that does not listen may come back: that says nothing about this machine", async () => {
  await expect(probeLauncher("/nonexistent/socket")).rejects.toThrow(
    "cannot connect to the launcher at /nonexistent/socket: connect ENOENT",
  );
});

test("without a launcher it is said how to get one", async () => {
  expect(await probeLauncher(null)).toMatchObject({
    works: false,
    isStarted: false,
    fix: expect.stringContaining("--isolation user") as unknown,
  });
});
