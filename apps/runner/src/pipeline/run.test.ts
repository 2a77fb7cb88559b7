import { expect, test } from "vitest";
import { createLogger } from "@tac8/core/log/logger";
import { parseIssueState } from "@tac8/core/state/issueState";
import { HaltSwitch } from "../run/halt.ts";
import { reportNeeds } from "./needs.ts";
import { createRun, type RunParts } from "./run.ts";

test("a step knows the app's account as soon as the first comment is posted", () => {
  const known: { login: string | null } = { login: null };
  const services = {
    get login() {
      return known.login;
    },
    config: { coordinator: { backoff_factor: 1 }, github: {} },
    log: createLogger({ name: "test", secrets: [], destination: { write: () => undefined } }),
  };
  const parts = { services, haltSwitch: new HaltSwitch(), agentSide: { place: () => ({}) }, job: { opts: {} } };
  const run = createRun(parts as unknown as RunParts, parseIssueState({}));
  const { issue } = reportNeeds(run);
  expect(issue.login).toBeNull();
  known.login = "tac8[bot]";
  expect(issue.login).toBe("tac8[bot]");
});
