import { describe, expect, it } from "vitest";
import { priorityBeforeNewWork, priorityOf, queuePriority } from "./priority.ts";

describe("priorityOf", () => {
  it.each([
    [[], "P2"],
    [["rpi-auto", "bug"], "P2"],
    [["priority:P1"], "P1"],
    [["Priority:p0"], "P0"],
    [["priority:P2", "priority:P0", "priority:P1"], "P0"],
    [["priority:P3", "P0", "xpriority:P0"], "P2"],
  ] as const)("%j is %s", (labels, priority) => {
    expect(priorityOf(labels)).toBe(priority);
  });
});

describe("queuePriority", () => {
  it("puts labels in order, begun work before new work of its label, and nothing at 0", () => {
    const order = (["P0", "P1", "P2"] as const).flatMap((priority) => [
      queuePriority(priority, true),
      queuePriority(priority, false),
    ]);
    expect(order).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each(["P0", "P1", "P2"] as const)(
    "priorityBeforeNewWork returns the number before new work of %s, and keeps such a number",
    (priority) => {
      const before = queuePriority(priority, true);
      expect(priorityBeforeNewWork(queuePriority(priority, false))).toBe(before);
      expect(priorityBeforeNewWork(before)).toBe(before);
    },
  );

  it("never makes a 0, which would jump every queue", () => {
    expect(priorityBeforeNewWork(0)).toBe(1);
  });
});
