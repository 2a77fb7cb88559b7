import { expect, it } from "vitest";
import { evaluateServices } from "./services.ts";

const unit = (name: string, state: string, exitCode = 0) => ({ name, state, status: "", exitCode });

it.each([
  ["nothing without systemd", [], null, []],
  ["ok", [unit("tac8-runner", "active"), unit("tac8-board", "activating")], "system", ["ok"]],
  [
    "a problem for each service that ended",
    [unit("tac8-runner", "failed", 78), unit("tac8-board", "inactive")],
    "user",
    ["problem", "problem"],
  ],
  ["unknown where systemd does not answer", [], "system", ["unknown"]],
] as const)("%s", (_what, units, manager, statuses) => {
  expect(evaluateServices(units, manager).map(({ status }) => status)).toEqual(statuses);
});
