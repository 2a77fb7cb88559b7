import { expect, test } from "vitest";
import type { LandedFault } from "./inject.ts";
import { buildSchedule, FAULT_KINDS, STEPS } from "./schedule.ts";
import { shortfalls } from "./shortfalls.ts";

test("a soak fails if too few faults landed in total, in a step or of a kind", () => {
  const { wanted } = buildSchedule({ seed: 1, issues: 200 });
  expect(wanted).toEqual({ total: 100, perStep: 10, kinds: FAULT_KINDS });
  const all = Array.from({ length: 100 }, (_, index): LandedFault => {
    const kind = FAULT_KINDS[index % FAULT_KINDS.length] ?? "runner:kill";
    return { kind, step: STEPS[index % STEPS.length] ?? null, at: 0, what: "", affected: [] };
  });
  expect(shortfalls(all, { wanted })).toEqual([]);
  expect(shortfalls(all.slice(1), { wanted })).toEqual(["faults that landed: 99, not 100"]);
  const nowhere = all.map((fault) => (fault.step === "publish" ? { ...fault, step: null } : fault));
  expect(shortfalls(nowhere, { wanted })).toEqual(["faults that landed in publish: 0, not 10"]);
  const never = all.map((fault): LandedFault =>
    fault.kind === "token:expired" ? { ...fault, kind: "git:cut" } : fault,
  );
  expect(shortfalls(never, { wanted })).toEqual(["no token:expired landed"]);
});
