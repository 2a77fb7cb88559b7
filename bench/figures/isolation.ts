import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxArguments } from "@tac8/core/isolation/arguments";
import { holdUser, LaunchedProgram } from "@tac8/core/isolation/launcher/client";
import { procEntries, thisMachine } from "@tac8/core/isolation/machine";
import { probeSandbox } from "@tac8/core/isolation/probe";
import { machineView } from "@tac8/core/isolation/view";
import type { Bench, Figure } from "../bench.ts";
import { row, type Row, type Samples } from "../results.ts";
import { BARE_IDLE, startBareIdle } from "../stage/bare.ts";
import { startLauncher, type StagedLauncher } from "../stage/launcher.ts";
import { commandOf, cpuMs, privateMemory, treeOf } from "../stage/proc.ts";
import { pause, times, until } from "../stage/until.ts";

/** Factor for the number of samples: a start takes only milliseconds. */
const FACTOR = 5;
const TMP_BYTES = 64 * 1024 ** 2;
/** Node options of forwarder and helper, as the runner passes them. */
const FLAGS = ["--max-semi-space-size=1", "--v8-pool-size=0"];
const FORWARDER_FLAGS = [...FLAGS, "--max-old-space-size=64"];
const HELPER_FLAGS = [...FLAGS, "--max-old-space-size=128"];
/** Node options of the proxy, as `apps/runner/src/egress/process.ts` passes them. */
const PROXY_FLAGS = [...FLAGS, "--max-old-space-size=128"];
const HELPER_TITLE = "tac8 helper";
const SETTLE_MS = 1000;
const PROGRAM = ["sh", "-c", "echo up; exec cat"];

export const isolation: Figure = {
  name: "isolation",
  what: "the start of an agent's program in a sandbox and as another user, beside its start without isolation",
  limitMinutes: 5,
  measure,
};

async function measure(bench: Bench): Promise<Row[]> {
  const { path, programs, sizes, leftovers } = bench;
  const uid = process.getuid?.() ?? 0;
  const probe = await probeSandbox({ path, uid, secret: [] });
  if (!probe.works) throw new Error(`${probe.why}: ${probe.fix}`);
  const dir = await mkdtemp(join(tmpdir(), "tac8-bench-"));
  const forget = leftovers.folder(dir);
  const [forwarder, helper, proxy] = ["forwarder", "place-helper", "egress"].map((name) =>
    builtFileIn(programs.checkout, name),
  ) as [string, string, string];
  const sandbox = [probe.program, ...argumentsOf({ dir, own: [process.execPath, forwarder, helper], uid }), "--"];
  // The forwarder connects to the socket only when a program sends a request.
  const way = ["--socket", join(dir, "s"), "--port", "41080", "--"];
  const inside = [...sandbox, process.execPath, ...FORWARDER_FLAGS, forwarder, ...way];
  try {
    const samples = await times(sizes.samples * FACTOR + 1, async () => ({
      none: await start(bench, PROGRAM),
      bwrap: await start(bench, [...sandbox, ...PROGRAM]),
      whole: await start(bench, [...inside, ...PROGRAM]),
    }));
    const warm = samples.slice(1); // The first one reads from the disk.
    const floor = { what: "the same without a sandbox", value: warm.map(({ none }) => none.ms) };
    const memory = { what: BARE_IDLE, value: await times(sizes.samples, () => idleMemory(bench)) };
    const proxies = await times(sizes.samples, () => startProxy(bench, { dir, program: proxy }));
    const helperCommand = [...sandbox, process.execPath, ...HELPER_FLAGS, helper];
    return [
      row({
        name: "isolation/start",
        what: "from the start of an agent in a sandbox to the first byte of its program",
        unit: "ms",
        value: warm.map(({ whole }) => whole.ms),
        floor,
      }),
      row({
        name: "isolation/start-bwrap",
        what: "the same without the forwarder",
        unit: "ms",
        value: warm.map(({ bwrap }) => bwrap.ms),
        floor,
      }),
      row({
        name: "isolation/start-cpu",
        what: "CPU until then",
        unit: "ms",
        value: warm.map(({ whole }) => whole.cpuMs),
        floor: { what: "CPU without a sandbox", value: warm.map(({ none }) => none.cpuMs) },
      }),
      row({
        name: "isolation/forwarder-memory",
        what: "private memory of a forwarder",
        unit: "MB",
        value: warm.map(({ whole }) => whole.memoryMb),
        floor: memory,
      }),
      row({
        name: "isolation/proxy-memory",
        what: "private memory of a run's proxy",
        unit: "MB",
        value: proxies.map(({ memoryMb }) => memoryMb),
        floor: memory,
      }),
      row({
        name: "isolation/proxy-start",
        what: "from the start of a run's proxy until it is ready, before the agent starts",
        unit: "ms",
        value: proxies.map(({ ms }) => ms),
      }),
      row({
        name: "isolation/helper-memory",
        what: "private memory of a helper",
        unit: "MB",
        value: await times(sizes.samples, () => helperMemory(bench, helperCommand)),
        floor: memory,
      }),
      ...(await asUser(bench, floor)),
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
    forget();
  }
}

/** Measure agents as separate users. The launcher needs root. */
async function asUser(bench: Bench, floor: NonNullable<Samples["floor"]>): Promise<Row[]> {
  const { sizes, report } = bench;
  if (process.getuid?.() !== 0) {
    report("isolation: no launcher was measured, because only root can start one");
    return [];
  }
  await using launcher = await startLauncher(bench);
  const held = await holdUser(launcher.socket, launcher);
  const starts = await times(sizes.samples * FACTOR + 1, () => startAsUser(bench, launcher));
  await held.release();
  const holds = await times(sizes.samples * FACTOR + 1, async () => {
    const startedAt = performance.now();
    await (await holdUser(launcher.socket, launcher)).release();
    return performance.now() - startedAt;
  });
  return [
    row({
      name: "isolation/start-user",
      what: "from the start of an agent as a user of its own to the first byte of its program",
      unit: "ms",
      value: starts.slice(1),
      floor: { ...floor, what: "the same without isolation" },
    }),
    row({
      name: "isolation/hold-user",
      what: "for each run: take a user id, kill what runs as it, and remove what it has left",
      unit: "ms",
      value: holds.slice(1),
    }),
  ];
}

/** Start a program by the launcher. @returns ms from the start to the program's first byte; the program exits at the end of its input */
async function startAsUser({ path, signal }: Bench, { socket, uid }: StagedLauncher): Promise<number> {
  signal.throwIfAborted();
  const startedAt = performance.now();
  const child = new LaunchedProgram(socket, { uid, groups: [], program: PROGRAM, env: { PATH: path }, cwd: "/" });
  const exited = once(child, "exit");
  try {
    await Promise.race([once(child.stdout, "data", { signal }), exited]);
    return performance.now() - startedAt;
  } finally {
    child.stdin.end();
    await exited;
  }
}

/** Path of a program of `dist/`; a checkout from before 2026-11-29 has ES modules alone. */
function builtFileIn(checkout: string, name: string): string {
  const paths = ["cjs", "js"].map((suffix) => join(checkout, "dist", `${name}.${suffix}`));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not in dist/: build it first`);
  return found;
}

/** Return the view of a sandbox, without an issue's folders. */
function argumentsOf({ dir, own, uid }: { dir: string; own: readonly string[]; uid: number }): string[] {
  const view = { env: {}, toolchains: [], userHome: null, programs: own, read: [], write: [dir], secret: [] };
  return sandboxArguments({
    mounts: machineView(view, thisMachine),
    cwd: dir,
    lockFd: null,
    uid,
    procEntries: procEntries(),
    devices: null,
    tmpBytes: TMP_BYTES,
    nested: false,
  });
}

interface Started {
  /** Time from the start to the program's first byte, in ms. */
  readonly ms: number;
  /** CPU time of all processes of the sandbox until then, in ms. */
  readonly cpuMs: number;
  /** Private memory of the largest process, in MB. */
  readonly memoryMb: number;
}

/** Start a program and wait for its first byte; the program exits at the end of its input. */
async function start(bench: Bench, command: readonly string[]): Promise<Started> {
  const { path, leftovers, signal } = bench;
  signal.throwIfAborted();
  const [name = "", ...args] = command;
  const startedAt = performance.now();
  const child = spawn(name, args, { env: { PATH: path }, stdio: ["pipe", "pipe", "inherit"] });
  const forget = leftovers.process(child.pid ?? 0);
  const exited = once(child, "exit");
  try {
    const early = exited.then(() => Promise.reject(new Error(`${name} ended before its program had started`)));
    await Promise.race([once(child.stdout, "data", { signal }), early]);
    const ms = performance.now() - startedAt;
    const tree = treeOf(child.pid ?? 0);
    const cpu = tree.reduce((sum, pid) => sum + cpuMs(pid), 0);
    return { ms, cpuMs: cpu, memoryMb: Math.max(...tree.map(privateMemory)) };
  } finally {
    child.stdin.end();
    await exited.catch(() => undefined);
    forget();
  }
}

/** Start the proxy of a run and wait until it is ready; the proxy exits at the end of its input. */
async function startProxy(
  { leftovers, signal }: Bench,
  { dir, program }: { readonly dir: string; readonly program: string },
): Promise<Pick<Started, "ms" | "memoryMb">> {
  signal.throwIfAborted();
  const env = { ANTHROPIC_API_KEY: "sk-ant-api03-bench" };
  const options = { folder: join(dir, "net"), port: 41_080, env, allow: [], secrets: {}, maxUsd: 0, prices: {} };
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...PROXY_FLAGS, program], { env: {}, stdio: ["pipe", "pipe", "inherit"] });
  const forget = leftovers.process(child.pid ?? 0);
  const exited = once(child, "exit");
  try {
    child.stdin.write(`${JSON.stringify({ ...options, proxyEnv: {} })}\n`);
    const early = exited.then(() => Promise.reject(new Error("the proxy ended before it was ready")));
    await Promise.race([once(child.stdout, "data", { signal }), early]);
    const ms = performance.now() - startedAt;
    await pause(SETTLE_MS, signal);
    return { ms, memoryMb: privateMemory(child.pid ?? 0) };
  } finally {
    child.stdin.end();
    await exited.catch(() => undefined);
    forget();
  }
}

/** Measure the private memory of an idle helper, in MB. The helper prints nothing when it is ready, so wait for its process title. */
async function helperMemory({ path, leftovers, signal }: Bench, command: readonly string[]): Promise<number> {
  const [name = "", ...args] = command;
  const child = spawn(name, args, { env: { PATH: path }, stdio: ["pipe", "pipe", "inherit"] });
  const forget = leftovers.process(child.pid ?? 0);
  const exited = once(child, "exit");
  try {
    const helper = () => treeOf(child.pid ?? 0).find((pid) => commandOf(pid) === HELPER_TITLE);
    await until(() => helper() !== undefined, { signal, what: "a helper" });
    await pause(SETTLE_MS, signal);
    return privateMemory(helper() ?? 0);
  } finally {
    child.stdin.end();
    await exited;
    forget();
  }
}

async function idleMemory(bench: Bench): Promise<number> {
  await using idle = await startBareIdle(bench);
  await pause(SETTLE_MS, bench.signal);
  return privateMemory(idle.pid);
}
