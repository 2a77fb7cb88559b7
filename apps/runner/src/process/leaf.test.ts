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

test("the runner leaves a delegated group for one below it, and enables the controllers for the groups of runs", () => {
  expect(planLeaf(GROUP, ME)).toEqual({
    leaf: "/sys/fs/cgroup/system.slice/tac8-runner.service/runner",
    move: [100],
    give: ["memory", "cpu", "pids"],
  });
});

test("child processes of the runner move with it", () => {
  const processes = [{ pid: 101, parent: 100 }, ...GROUP.processes];
  expect(planLeaf({ ...GROUP, processes }, ME)?.move).toEqual([100, 101]);
});

test.each<[string, Partial<OwnGroup>, Partial<typeof ME>]>([
  ["another user's", { owner: 0 }, {}],
  ["with an unknown owner", { owner: null }, {}],
  ["root's, because root owns every group", { owner: 0 }, { uid: 0 }],
  ["with processes of a terminal", { processes: [...GROUP.processes, { pid: 50, parent: 1 }] }, {}],
  ["without this process", { processes: [] }, {}],
  ["without controllers", { controllers: ["hugetlb"] }, {}],
  ["with enabled controllers", { given: ["memory", "cpu", "pids"] }, {}],
])("the runner does not leave a group %s", (_, group, me) => {
  expect(planLeaf({ ...GROUP, ...group }, { ...ME, ...me })).toBeNull();
});
