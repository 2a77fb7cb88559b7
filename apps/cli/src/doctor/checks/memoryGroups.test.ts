import { expect, test } from "vitest";
import { evaluateMemoryGroups } from "./memoryGroups.ts";

const controllers = (on: 0 | 1) =>
  `#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t64\t1\nmemory\t0\t64\t${on}\n`;

test("a kernel that does not account memory for services is reported, with what to change", () => {
  const advice = (isPi: boolean) => evaluateMemoryGroups({ controllers: controllers(0), isPi })[0]?.advice;
  expect(advice(true)).toBe("add cgroup_enable=memory to the line of /boot/firmware/cmdline.txt, then reboot");
  expect(advice(false)).toBe("add cgroup_enable=memory to the kernel's command line, then reboot");
});

test("a kernel that does, or does not report it, is not", () => {
  expect(evaluateMemoryGroups({ controllers: controllers(1), isPi: true })).toEqual([]);
  expect(evaluateMemoryGroups({ controllers: null, isPi: true })).toEqual([]);
});
