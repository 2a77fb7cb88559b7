import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { classifyEnd } from "../agent/classify.ts";
import { createBench, type Bench } from "../agent/testing/harness.ts";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { findSurvivors } from "../process/survivors.ts";
import { readProc } from "@tac8/core/process/procfs";
import { makeBomb } from "../process/testing/bomb.ts";
import { allowedCores } from "./affinity.ts";
import { findResourceLimits, groupLimits, programPrefix } from "./resourceLimits.ts";
import { memoryOf } from "./memory.ts";
import { rlimitPrefix, userTaskLimit } from "./rlimits.ts";
import { watchOomKills } from "./oomKills.ts";
import { scopePrefix } from "./scope.ts";

const MB = 1024 ** 2;
const PATH = process.env["PATH"] ?? "";
const uid = process.getuid?.() ?? 0;
const NONE = { maxMb: 0, maxCpus: 0, maxTasks: 0, runs: 1, uid, path: PATH };
const here = await findResourceLimits({ ...NONE, maxMb: 200, maxTasks: 400 });
const cores = allowedCores(readProc("/proc/self/status") ?? "");

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench.close());

test("watched: a run over its memory limit ends as out-of-memory with all its processes, and the runner continues", async () => {
  const request = bench.behave("eat", "400");
  const limits = { ...request.limits, memoryBytes: 300 * MB };
  const end = await bench.start({ ...request, limits }).done;
  expect(end).toMatchObject({ cause: "out-of-memory", remaining: 0 });
  const agentResult = classifyEnd(end, { provider: "claude", now: 0 });
  expect(agentResult).toMatchObject({ ok: false, kind: "out-of-memory" });
  expect(agentResult).toHaveProperty("message", expect.stringMatching(/used \d{3} MB, more than 300 MB of memory/));
});

test("watched: a run within its memory limit is not ended", async () => {
  const request = bench.behave("success");
  const end = await bench.start({ ...request, limits: { ...request.limits, memoryBytes: 4000 * MB } }).done;
  expect(end.cause).toBe("exited");
});

test("the use of all processes of a run is measured", async () => {
  const request = bench.behave("eat", "300");
  bench.start(request);
  const used = (maxBytes: number, runId = request.runId) => memoryOf(findSurvivors({ runId, except: [] }), maxBytes);
  await expect.poll(() => used(0) / MB, { timeout: 60_000 }).toBeGreaterThan(300);
  expect(used(0)).toBeLessThan(used(1e12));
  expect(used(1e12, "nobody")).toBe(0);
});

fieldTest("F5", "a kill by another process is a crash, even if the kernel enforces the limit", async () => {
  const events = join(bench.dir, "memory.events");
  await writeFile(events, "low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\noom_group_kill 0\n");
  const request = bench.request({ program: ["bash", "-c", "kill -9 $$"] });
  for (const oomEvents of [events, join(bench.dir, "missing"), null]) {
    const limits = { ...request.limits, memoryBytes: 300 * MB, oomEvents };
    const end = await bench.start({ ...request, limits }).done;
    expect(end).toMatchObject({ cause: "exited", signal: "SIGKILL" });
    expect(classifyEnd(end, { provider: "claude", now: 0 })).toMatchObject({ ok: false, kind: "startup" });
  }
});

const bomb = makeBomb(400);
afterAll(() => bomb?.remove());

test.skipIf(bomb === null)(
  "a fork bomb ends the run as process-limit with all its processes, and the runner continues meanwhile (skipped: no limit is available here)",
  async () => {
    const request = bench.request({ program: bomb?.program ?? [] });
    let longest = 0;
    let last = performance.now();
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 50);
    const end = await bench.start({ ...request, limits: { ...request.limits, tasks: 200 } }).done;
    clearInterval(ticking);
    console.info(`fork bomb: ${end.survivorsKilled} killed, our longest pause ${Math.round(longest)} ms`);
    expect(end).toMatchObject({ cause: "process-limit", remaining: 0 });
    expect(end.survivorsKilled).toBeGreaterThan(100);
    expect(findSurvivors({ runId: request.runId, except: [] })).toEqual([]);
    const agentResult = classifyEnd(end, { provider: "claude", now: 0 });
    expect(agentResult).toMatchObject({ ok: false, kind: "process-limit" });
    expect(agentResult).toHaveProperty("message", expect.stringMatching(/more than 200 processes and threads/));
  },
);

test("threads count like processes", async () => {
  const threads = `const { Worker } = require("worker_threads");
    for (let n = 0; n < 40; n += 1) new Worker("setInterval(() => {}, 1e6)", { eval: true });`;
  const request = bench.request({ program: [process.execPath, "-e", threads, "--"] });
  const end = await bench.start({ ...request, limits: { ...request.limits, tasks: 40 } }).done;
  expect(end).toMatchObject({ cause: "process-limit", remaining: 0 });
});

test.skipIf(here.tasksBy !== "control group")(
  "the kernel refuses processes above the limit of the run's group (skipped: no control group counts them here)",
  async () => {
    const group = { "pids.max": "60" };
    const many = `let refused = 0;
      for (let n = 0; n < 100; n += 1)
        require("child_process").spawn("sleep", ["60"]).on("error", () => (refused += 1));
      setImmediate(() => setImmediate(() => process.exit(console.error(refused + " refused"))));`;
    const request = bench.request({ program: [process.execPath, "-e", many, "--"] });
    const end = await bench.start({ ...request, limits: { ...request.limits, group } }).done;
    const refused = Number(/(\d+) refused/.exec(end.stderrTail)?.[1]);
    expect(refused).toBeGreaterThan(40);
    expect(end.survivorsKilled).toBe(100 - refused);
  },
);

test("no agent writes a core dump, and an ordinary user's agents have a limit of processes", async () => {
  const request = bench.request({
    program: [...rlimitPrefix({ userTasks: 12_345 }), "bash", "-c", "ulimit -c; ulimit -u"],
  });
  await bench.start(request).done;
  expect(await readFile(request.logPath, "utf8")).toBe("0\n12345\n");
});

test("an agent has a lower priority than its guard and the runner", async () => {
  const pid = await bench.start(bench.request({ program: ["sh", "-c", "sleep 60"] })).agentPid;
  expect(getPriority(pid ?? 0)).toBe(Math.min(19, getPriority() + 10));
});

test("the limit of a user's processes leaves room for every running process; root is exempt", () => {
  const hard = Number(/^Max processes\s+\S+\s+(\d+)/m.exec(readProc("/proc/self/limits") ?? "")?.[1] ?? Infinity);
  expect(userTaskLimit({ uid: 0, tasks: 100, runs: 2 })).toBeNull();
  expect(userTaskLimit({ uid: 1000, tasks: 0, runs: 2 })).toBeNull();
  expect(userTaskLimit({ uid: 1000, tasks: 100, runs: 2 })).toBeGreaterThan(200);
  expect(userTaskLimit({ uid: 1000, tasks: 1e9, runs: 2 })).toBeLessThanOrEqual(hard);
});

test("a kill while the kernel counts an out-of-memory kill is out-of-memory", async () => {
  const events = join(bench.dir, "memory.events");
  await writeFile(events, "oom 1\noom_kill 1\n");
  const kill = `printf 'oom 2\\noom_kill 2\\n' > ${events}; kill -9 $$`;
  const request = bench.request({ program: ["bash", "-c", kill] });
  const limits = { ...request.limits, memoryBytes: 300 * MB, oomEvents: events };
  const end = await bench.start({ ...request, limits }).done;
  expect(end).toMatchObject({
    cause: "out-of-memory",
    problems: [expect.stringMatching(/more than 300 MB of memory/)],
  });
});

test("only kills since the check before the last one count for the run", async () => {
  const events = join(bench.dir, "memory.events");
  const count = (kills: number) => writeFile(events, `oom_kill ${kills}\n`);
  await count(0);
  const kernel = watchOomKills(events);
  await count(1);
  expect(kernel.killed()).toBe(true);
  kernel.check();
  expect(kernel.killed()).toBe(true);
  kernel.check();
  expect(kernel.killed()).toBe(false);
  expect(watchOomKills(null).killed()).toBe(false);
  expect(watchOomKills(join(bench.dir, "missing")).killed()).toBe(false);
});

test.skipIf(here.memoryBy === "watch")(
  "the kernel ends it (skipped: neither systemd nor a control group can limit a program here)",
  async () => {
    const { program, ...request } = bench.behave("eat", "400");
    const limits = { ...request.limits, memoryBytes: 200 * MB, oomEvents: here.oomEvents, group: here.group };
    const end = await bench.start({ ...request, program: [...here.prefix, ...program], limits }).done;
    expect(end).toMatchObject({ cause: "out-of-memory", remaining: 0 });
  },
);

/** A fake `systemd-run` that enforces these values of its scope's group. */
async function withSystemd<T>(body: string, use: (path: string) => Promise<T>): Promise<T> {
  const bin = await mkdtemp(join(tmpdir(), "tac8-bin-"));
  try {
    await writeFile(join(bin, "systemd-run"), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return await use(`${bin}:/usr/bin:/bin`);
  } finally {
    await rm(bin, { recursive: true });
  }
}
const saying = (...lines: readonly string[]) => `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")}`;

test.each([
  { what: "systemd is missing", body: "exit 1", memoryBy: "watch", inScope: false },
  { what: "it enforces both", body: saying("memory.max:1", "cpu.max:1 1"), memoryBy: "systemd", inScope: true },
  { what: "it has no memory controller", body: saying("cpu.max:1 1"), memoryBy: "watch", inScope: true },
  {
    what: "it has no controllers",
    body: saying("memory.max:max", "cpu.max:max 1"),
    memoryBy: "watch",
    inScope: false,
  },
])("a probe finds out whether systemd limits a run: $what", async ({ body, memoryBy, inScope }) => {
  const found = await withSystemd(body, (path) =>
    findResourceLimits({ ...NONE, maxMb: 100, maxCpus: 1, uid: 0, path }),
  );
  const limits = { maxBytes: 100 * MB, cpus: 1, maxTasks: 0 };
  const rlimits = rlimitPrefix({ userTasks: null });
  expect(found.prefix).toEqual([...rlimits, ...(inScope ? scopePrefix({ ...limits, uid: 0 }) : [])]);
  expect(found.cpusBy === "systemd").toBe(inScope);
  if (inScope || here.memoryBy === "watch") expect(found.memoryBy).toBe(memoryBy);
  expect(found.oomEvents).toBeNull(); // The output has no folder.
});

test("if systemd limits a run's memory, its slice counts the kernel's kills", async () => {
  const body = saying("/sys/fs/cgroup/system.slice/run-r1.scope", "memory.max:104857600");
  const found = await withSystemd(body, (path) => findResourceLimits({ ...NONE, maxMb: 100, uid: 0, path }));
  expect(found).toMatchObject({ memoryBy: "systemd", oomEvents: "/sys/fs/cgroup/system.slice/memory.events" });
});

test("without limits nothing is probed", async () => {
  const found = await findResourceLimits({ ...NONE, uid: 0, path: "/nowhere" });
  expect(found).toMatchObject({
    maxBytes: 0,
    cpus: 0,
    maxTasks: 0,
    memoryBy: null,
    cpusBy: null,
    tasksBy: null,
    prefix: [],
    group: {},
  });
  expect(programPrefix(found, 0)).toEqual([]);
});

test("the settings of a control group and of a scope", () => {
  const limits = { maxBytes: 100 * MB, cpus: 1.5, maxTasks: 4096 };
  const memory = { "memory.max": "104857600", "memory.swap.max": "0", "memory.oom.group": "1" };
  expect(groupLimits(limits)).toEqual({ ...memory, "cpu.max": "150000 100000", "pids.max": "5120" });
  expect(groupLimits({ maxTasks: 0, maxBytes: 0, cpus: 0.001 })).toEqual({ "cpu.max": "1000 100000" });
  const scope = scopePrefix({ ...limits, uid: 0 });
  for (const property of ["MemoryMax=104857600", "CPUQuota=150%", "TasksMax=5120"]) expect(scope).toContain(property);
});

test.skipIf(cores.length < 2)("an agent and all its processes stay on the cores of their slot", async () => {
  // Without other limits: neither systemd nor a control group, which would take precedence.
  const found = { ...(await findResourceLimits({ ...NONE, maxCpus: 1 })), prefix: [] };
  const resourceLimits = { ...found, cpusBy: found.cpusBy === null ? null : ("affinity" as const) };
  expect(resourceLimits.cpusBy).toBe("affinity");
  const seen = [];
  for (const slot of [0, 1]) {
    const file = join(bench.dir, `cores-${slot}`);
    const check = `(grep Cpus_allowed_list /proc/self/status; nproc) > ${file} & wait`;
    const request = bench.request({ program: [...programPrefix(resourceLimits, slot), "bash", "-c", check] });
    expect(await bench.start(request).done).toMatchObject({ cause: "exited", code: 0 });
    seen.push(await readFile(file, "utf8"));
  }
  expect(seen).toEqual([`Cpus_allowed_list:\t${cores[0]}\n1\n`, `Cpus_allowed_list:\t${cores[1]}\n1\n`]);
});

test("an agent under systemd's limit does not see systemd's variable", () => {
  const prefix = scopePrefix({ maxBytes: 100 * MB, cpus: 0, maxTasks: 0, uid: 1000 });
  expect(prefix.slice(0, 4)).toEqual(["env", "XDG_RUNTIME_DIR=/run/user/1000", "systemd-run", "--user"]);
  expect(prefix.slice(-4)).toEqual(["--", "env", "-u", "XDG_RUNTIME_DIR"]);
  expect(prefix.join(" ")).not.toContain("CPUQuota");
});
