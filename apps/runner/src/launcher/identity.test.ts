import { expect, test } from "vitest";
import { asIdentity, inFolder } from "./identity.ts";
import { hasCapability } from "./children.ts";
import { isOf } from "./processes.ts";

test("inheritable capabilities are cleared before the switch to another user", () => {
  expect(asIdentity({ uid: 20_001, gid: 20_001 }, { bounds: true }).join(" ")).toBe(
    "/usr/bin/setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all --clear-groups --regid=20001 --reuid=20001 --no-new-privs --pdeathsig=KILL --",
  );
  const shared = asIdentity({ uid: 20_001, gid: 20_001, groups: [20_002, 20_003] }, { bounds: false });
  expect(shared).toContain("--groups=20002,20003");
  expect(shared).not.toContain("--bounding-set=-all");
});

test("a folder's name is an argument of the shell, not part of its script", () => {
  expect(inFolder("/a; rm -rf /").at(-1)).toBe("/a; rm -rf /");
});

test.each([
  ["State:\tS (sleeping)\nUid:\t5\t5\t5\t5\n", true],
  ["State:\tR (running)\nUid:\t0\t5\t0\t0\n", true],
  ["State:\tR (running)\nUid:\t0\t0\t5\t0\n", true],
  ["State:\tS (sleeping)\nUid:\t50\t55\t15\t50\n", false],
  ["State:\tZ (zombie)\nUid:\t5\t5\t5\t5\nThreads:\t1\n", false],
  ["State:\tZ (zombie)\nUid:\t5\t5\t5\t5\nThreads:\t2\n", true],
  ["", false],
])("a process belongs to the user id: %j", (status, expected) => {
  expect(isOf(status, 5)).toBe(expected);
});

test("a capability is found by its number", () => {
  expect(hasCapability("CapEff:\t00000000000001e0\n", 8n)).toBe(true);
  expect(hasCapability("CapEff:\t00000000000000e0\n", 8n)).toBe(false);
  expect(hasCapability("", 8n)).toBe(false);
});
