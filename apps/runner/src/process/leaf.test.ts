import { expect, test } from "vitest";
import { planLeaf, type OwnGroup } from "./leaf.ts";

const ME = { pid: 100, uid: 999 };
const GROUP: OwnGroup = {
  folder: "/sys/fs/cgroup/system.slice/tac8-runner.service",
  owner: 999,
  controllers: ["cpuset", "cpu", "io", "memory", "pids"],
  given: [],
  processes: [{ pid: 100, parent: 1 }],
};

test("a delegated group is left for one below it, and gives its controllers to those of runs", () => {
  expect(planLeaf(GROUP, ME)).toEqual({
    leaf: "/sys/fs/cgroup/system.slice/tac8-runner.service/runner",
    move: [100],
    give: ["memory", "cpu", "pids"],
  });
});

test("what this process has started moves with it", () => {
  const processes = [{ pid: 101, parent: 100 }, ...GROUP.processes];
  expect(planLeaf({ ...GROUP, processes }, ME)?.move).toEqual([100, 101]);
});

test.each<[string, Partial<OwnGroup>, Partial<typeof ME>]>([
  ["another user's", { owner: 0 }, {}],
  ["of nobody knows whom", { owner: null }, {}],
  ["root's, who owns all", { owner: 0 }, { uid: 0 }],
  ["of a terminal too", { processes: [...GROUP.processes, { pid: 50, parent: 1 }] }, {}],
  ["one that this process is not in", { processes: [] }, {}],
  ["one without controllers", { controllers: ["hugetlb"] }, {}],
  ["one that gives them already", { given: ["memory", "cpu", "pids"] }, {}],
])("a group is not left: %s", (_, group, me) => {
  expect(planLeaf({ ...GROUP, ...group }, { ...ME, ...me })).toBeNull();
});
