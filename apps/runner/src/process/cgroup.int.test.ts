import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import {
  cgroupMembers,
  cgroupPrefix,
  closeCgroups,
  removeEmptyCgroups,
  takenLimits,
  type GroupLimits,
} from "./cgroup.ts";
import { isSameProcess, startTimeOf } from "@tac8/core/process/procfs";
import { killSurvivors } from "./survivors.ts";

const runId = randomUUID();
const NOBODY = 65_534;
const LEAF_PROGRAM = fileURLToPath(new URL("../../fixtures/programs/leaf.ts", import.meta.url));
let child: ChildProcess | null = null;
let daemon = 0;
afterEach(() => {
  child?.kill("SIGKILL");
  if (daemon > 0 && cgroupMembers(runId).has(daemon)) process.kill(daemon, "SIGKILL");
  removeEmptyCgroups(runId);
});

/** Start a program in the run's groups; null: this host allows none. */
function spawnInCgroup(command: readonly string[], limits: GroupLimits = {}): ChildProcess | null {
  const prefix = cgroupPrefix({ runId, limits, bash: "/bin/bash" });
  const [program = "", ...args] = [...prefix, ...command];
  return prefix.length === 0 ? null : spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
}

async function lineOf(process: ChildProcess | null): Promise<string> {
  if (!process?.stdout) throw new Error("the process has no output");
  const [line] = (await once(createInterface({ input: process.stdout }), "line")) as [string];
  return line;
}

/** Start a process without its parent's session, environment and descriptors. */
const DAEMON = `env -i /usr/bin/setsid /bin/sh -c 'echo $$; exec sleep 7777 <&- >&- 2>&-' & wait`;

test("a process without the marker and without any descriptor is found by its control group", async (context) => {
  child = spawnInCgroup(["bash", "-c", DAEMON]);
  context.skip(child === null, "this host allows no new control group");
  daemon = Number(await lineOf(child));
  expect(cgroupMembers(runId)).toContain(child?.pid);
  expect(cgroupMembers(runId)).not.toContain(process.pid);
  const begun = startTimeOf(daemon) ?? 0;
  expect(isSameProcess({ pid: daemon, startTime: begun })).toBe(true);
  const { killed, remaining } = await killSurvivors({ runId, except: [process.pid] });
  expect(remaining).toEqual([]);
  expect(killed).toBeGreaterThanOrEqual(1);
  expect(isSameProcess({ pid: daemon, startTime: begun })).toBe(false);
  expect(cgroupMembers(runId).size).toBe(0);
});

test("limits apply to the group before a process is in it, and limits that the kernel refuses are left out", async (context) => {
  // Every group has this file. The files of a controller exist only if it is delegated.
  const limits = { "cgroup.max.descendants": "7", "no.such.max": "1" };
  const taken = takenLimits(limits);
  context.skip(taken["cgroup.max.descendants"] === undefined, "this host allows no new control group");
  expect(taken).toEqual({ "cgroup.max.descendants": "7" });
  const mount = `$(awk '/ - cgroup2 /{ print $5; exit }' /proc/self/mountinfo)`;
  const check = `cat "${mount}$(sed -n 's/^0:://p' /proc/self/cgroup)/cgroup.max.descendants"`;
  child = spawnInCgroup(["bash", "-c", check], limits);
  expect(await lineOf(child)).toBe("7");
});

test("an empty group that a program may be about to enter is removed by its own run only", (context) => {
  const groups = () => cgroupPrefix({ runId, limits: {}, bash: "/bin/bash" }).filter((word) => word.endsWith(runId));
  const [group = ""] = groups();
  context.skip(group === "", "this host allows no new control group");
  const old = new Date(Date.now() - 3_600_000);
  utimesSync(group, old, old);
  expect(groups()).toContain(group); // It was made again for the next agent of the run.
  removeEmptyCgroups(randomUUID());
  expect(existsSync(group)).toBe(true);
  utimesSync(group, old, old);
  removeEmptyCgroups(randomUUID());
  expect(existsSync(group)).toBe(false);
  groups();
  removeEmptyCgroups(runId);
  expect(existsSync(group)).toBe(false);
});

test("in a delegated group the runner moves to a leaf group, so that the groups of its runs can have limits", async (context) => {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  const mount = /^\S+ \S+ \S+ \S+ (\S+) .*- cgroup2 /m.exec(mounts)?.[1];
  context.skip(process.getuid?.() !== 0 || mount === undefined, "only root can delegate a group (v2)");
  // The name is not that of a run's group, because any starting runner on this machine removes empty groups of runs.
  const folder = join(mount ?? "", `test-of-tac8-${runId}`);
  // In some containers, v1 has the other controllers.
  const controller = ["pids", "hugetlb"].find((name) => {
    const controllers = readFileSync(join(mount ?? "", "cgroup.controllers"), "utf8").split(/\s+/);
    return controllers.includes(name);
  });
  context.skip(controller === undefined, "this host has no controller for groups (v2)");
  const control = join(mount ?? "", "cgroup.subtree_control");
  const wasGiven = readFileSync(control, "utf8")
    .split(/\s+/)
    .includes(controller ?? "");
  if (!wasGiven) writeFileSync(control, `+${controller}`);
  mkdirSync(folder);
  try {
    for (const name of ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"]) {
      chownSync(join(folder, name), NOBODY, NOBODY);
    }
    const file = controller === "pids" ? "pids.max" : "hugetlb.2MB.max";
    const asNobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
    const enter = `echo $$ >"${folder}/cgroup.procs" && exec "$@"`;
    const program = [process.execPath, LEAF_PROGRAM, folder, controller ?? "", file];
    const { stdout, stderr } = await promisify(execFile)("sh", ["-c", enter, "sh", ...asNobody, ...program]).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    context.skip(/EACCES|Permission denied/.test(stderr), "other users cannot read the folder of tac8");
    const name = folder.slice((mount ?? "").length);
    expect(JSON.parse(stdout)).toEqual({
      before: false,
      moved: true,
      here: `${name}/runner`,
      given: controller,
      run: `${name}/tac8-late`,
      limit: "0",
    });
  } finally {
    for (const name of readdirSync(folder).filter((entry) => entry === "runner" || entry.startsWith("tac8-"))) {
      rmdirSync(join(folder, name));
    }
    rmdirSync(folder);
    if (!wasGiven) writeFileSync(control, `-${controller}`);
  }
});

test("a group that was closed to kill its processes is open for the run's next agent", async (context) => {
  const first = spawnInCgroup(["bash", "-c", "echo ready; exec sleep 7777"]);
  child = first;
  context.skip(first === null, "this host allows no new control group");
  await lineOf(first);
  expect(cgroupMembers(runId)).toContain(first?.pid);
  closeCgroups(runId);
  child = spawnInCgroup(["bash", "-c", "(true) && echo forked"]);
  expect(await lineOf(child)).toBe("forked");
  first?.kill("SIGKILL");
  if (first !== null) await once(first, "exit");
});
