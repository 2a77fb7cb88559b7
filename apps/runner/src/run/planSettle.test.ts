import { expect, test } from "vitest";
import { planSettle, type UnfinishedRun } from "./planSettle.ts";

const RUN: UnfinishedRun = { halt: null, outOfTime: false, ended: false, agentLost: false, decided: false };

test.each<[Partial<UnfinishedRun>, ReturnType<typeof planSettle>]>([
  [{}, "trouble"],
  [{ ended: true }, "trouble"],
  [{ halt: "shutdown" }, "hand back"],
  // Else its agent would be paid once more for an end that it has come to.
  [{ halt: "shutdown", ended: true }, "trouble"],
  [{ halt: "shutdown", ended: true, outOfTime: true }, "hand back"],
  [{ outOfTime: true }, "hand back"],
  [{ agentLost: true }, "hand back"],
  [{ agentLost: true, halt: "stopped" }, "stopped"],
  [{ halt: "stopped" }, "stopped"],
  [{ halt: "stopped", ended: true }, "stopped"],
  [{ halt: "cancelled" }, "cancelled"],
  [{ halt: "cancelled", decided: true }, "trouble"],
])("%j → %s", (run, next) => {
  expect(planSettle({ ...RUN, ...run })).toBe(next);
});
