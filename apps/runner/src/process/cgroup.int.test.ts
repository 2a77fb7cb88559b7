import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { cgroupMembers, closeCgroups, removeEmptyCgroups, spawnInCgroup, takenLimits } from "./cgroup.ts";
import { isSameProcess, startTimeOf } from "@tac8/core/process/procfs";
import { killSurvivors } from "./survivors.ts";

const runId = randomUUID();
let child: ChildProcess | null = null;
let daemon = 0;
afterEach(() => {
  child?.kill("SIGKILL");
  if (daemon > 0 && cgroupMembers(runId).has(daemon)) process.kill(daemon, "SIGKILL");
  removeEmptyCgroups();
});

/** A process that leaves its group, its session, its environment and its descriptors behind. */
const DAEMON = `env -i /usr/bin/setsid /bin/sh -c 'echo $$; exec sleep 7777 <&- >&- 2>&-' & wait`;

test("who shed the marker and every descriptor is found by its control group", async (context) => {
  child = spawnInCgroup({ runId }, () => spawn("bash", ["-c", DAEMON], { stdio: ["ignore", "pipe", "inherit"] }));
  context.skip(!cgroupMembers(runId).has(child.pid ?? 0), "this host lets nobody make a control group");
  expect(cgroupMembers(runId)).not.toContain(process.pid);
  const [line] = (await once(createInterface({ input: child.stdout ?? process.stdin }), "line")) as [string];
  daemon = Number(line);
  const begun = startTimeOf(daemon) ?? 0;
  expect(isSameProcess({ pid: daemon, startTime: begun })).toBe(true);
  const { killed, remaining } = await killSurvivors({ runId, except: [process.pid] });
  expect(remaining).toEqual([]);
  expect(killed).toBeGreaterThanOrEqual(1);
  expect(isSameProcess({ pid: daemon, startTime: begun })).toBe(false);
  expect(cgroupMembers(runId).size).toBe(0);
});

test("limits are the group's before anybody is in it; what the kernel does not take here is left out", async (context) => {
  // Every group has this file. Those of a controller are there only where it is given to us.
  const limits = { "cgroup.max.descendants": "7", "no.such.max": "1" };
  const taken = takenLimits(limits);
  context.skip(taken["cgroup.max.descendants"] === undefined, "this host lets nobody make a control group");
  expect(taken).toEqual({ "cgroup.max.descendants": "7" });
  const mount = `$(awk '/ - cgroup2 /{ print $5; exit }' /proc/self/mountinfo)`;
  const look = `cat "${mount}$(sed -n 's/^0:://p' /proc/self/cgroup)/cgroup.max.descendants"`;
  child = spawnInCgroup({ runId, limits }, () => spawn("bash", ["-c", look], { stdio: ["ignore", "pipe", "inherit"] }));
  const [line] = (await once(createInterface({ input: child.stdout ?? process.stdin }), "line")) as [string];
  expect(line).toBe("7");
});

test("a group that was closed for the hunt is open for the run's next agent", async (context) => {
  const hold = () => spawn("sleep", ["7777"], { stdio: "ignore" });
  child = spawnInCgroup({ runId }, hold);
  context.skip(!cgroupMembers(runId).has(child.pid ?? 0), "this host lets nobody make a control group");
  closeCgroups(runId);
  const first = child;
  const say = ["-c", "(true) && echo forked"];
  child = spawnInCgroup({ runId }, () => spawn("bash", say, { stdio: ["ignore", "pipe", "inherit"] }));
  const [line] = (await once(createInterface({ input: child.stdout ?? process.stdin }), "line")) as [string];
  expect(line).toBe("forked");
  first.kill("SIGKILL");
  await once(first, "exit");
});
