import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { cgroupMembers, removeEmptyCgroups, spawnInCgroup } from "./cgroup.ts";
import { isSameProcess, startTime } from "./startTime.ts";
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
  child = spawnInCgroup(runId, () => spawn("bash", ["-c", DAEMON], { stdio: ["ignore", "pipe", "inherit"] }));
  context.skip(!cgroupMembers(runId).has(child.pid ?? 0), "this host lets nobody make a control group");
  expect(cgroupMembers(runId)).not.toContain(process.pid);
  const [line] = (await once(createInterface({ input: child.stdout ?? process.stdin }), "line")) as [string];
  daemon = Number(line);
  const begun = startTime(daemon) ?? 0;
  expect(isSameProcess({ pid: daemon, startTime: begun })).toBe(true);
  const { killed, remaining } = await killSurvivors({ runId, except: [process.pid] });
  expect(remaining).toEqual([]);
  expect(killed).toBeGreaterThanOrEqual(1);
  expect(isSameProcess({ pid: daemon, startTime: begun })).toBe(false);
  expect(cgroupMembers(runId).size).toBe(0);
});
