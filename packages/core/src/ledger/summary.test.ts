import { expect, test } from "vitest";
import type { LoggedEvent } from "../domain/events.ts";
import { logged } from "../testing/formerEvents.fixture.ts";
import { countEvents } from "./count.ts";
import { summarize } from "./summary.ts";

test("a pull request counts once, however many rounds it had; each round counts as a success", () => {
  const end = (evidence: LoggedEvent["evidence"]): LoggedEvent => {
    const at = "2026-11-25T12:00:00.000Z";
    const entry = { issue: "octo.hello.1", from: "running", to: "pr", by: "runner pi/0", reason: "" } as const;
    return logged({ id: "1-0", at, ...entry, evidence });
  };
  const { totals } = countEvents([end({ pr: 7 }), end({ pr: 7, updated: 1 })], () => "day");
  expect(summarize(totals)).toMatchObject({ pullRequests: 1, outcomes: { pr: 2 }, successRate: 1 });
  expect(summarize({})).toMatchObject({ pullRequests: 0 });
});
