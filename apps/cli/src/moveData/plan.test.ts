import { expect, it } from "vitest";
import { planMove, type FolderState, type MovePlan } from "./plan.ts";

it.each<readonly [FolderState, FolderState, MovePlan["do"]]>([
  ["none", "none", "nothing"],
  ["none", "data", "nothing"],
  ["none", "moving", "finish"],
  ["none", "copied", "finish"],
  ["data", "none", "move"],
  ["data", "data", "refuse"],
  ["data", "moving", "refuse"],
  ["data", "copied", "finish"],
  ["moving", "none", "move"],
  ["moving", "data", "refuse"],
  ["moving", "moving", "move"],
  ["moving", "copied", "finish"],
])("from %s to %s: %s", (source, target, plan) => {
  expect(planMove({ source, target })).toEqual({ do: plan });
});
