import { pino } from "pino";
import { expect, test } from "vitest";
import { createOctokit } from "./octokit.ts";

test("a call that its caller has aborted is not tried again", async () => {
  const controller = new AbortController();
  let tries = 0;
  const octokit = createOctokit({
    apiUrl: "http://127.0.0.1:1",
    auth: {},
    redact: (text) => text,
    log: pino({ enabled: false }),
    writeIntervalMs: 0,
    retryBaseMs: 0,
    now: Date.now,
    fetch: async () => {
      tries += 1;
      controller.abort(new Error("the runner is closing"));
      throw controller.signal.reason;
    },
  });
  const request = { signal: controller.signal };
  await expect(octokit.request("GET /user", { request })).rejects.toThrow("the runner is closing");
  expect(tries).toBe(1);
});
