import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import { openIssues, waitForEndLabels } from "../stage/issues.ts";
import { cpuMs, peakMemory, resetPeak } from "../stage/proc.ts";
import { nextRequest, isPullOpened } from "../stage/requests.ts";
import { openStage, REPO, type BenchStage } from "../stage/stage.ts";
import { PRINT_COMMAND, PRINTING_AGENT, writeOutput, type Output } from "../stage/stream.ts";
import { timed, type Timed } from "../stage/timed.ts";
import { times, until } from "../stage/until.ts";

const MINUTES = 5;
const MB = 1_000_000;

export const output: Figure = {
  name: "output",
  what: "reading an agent's output into the raw log and the live stream, beside cat",
  limitMinutes: 30,
  measure,
};

interface Sample {
  /** CPU time of the runner from the start of its agent to the pull request. */
  readonly cpuMs: number;
  /** CPU time of Redis in the same time. */
  readonly redisCpuMs: number;
  /** Highest memory of the runner minus its memory before, in MB. */
  readonly growth: number;
  /** Size of the raw log on the disk. */
  readonly logBytes: number;
}

async function measure(bench: Bench): Promise<Row[]> {
  const { sizes, signal, report } = bench;
  await using stage = await openStage(bench, {
    config: { ...PRINTING_AGENT, coordinator: { poll_interval_seconds: 1 } },
  });
  const printed = await writeOutput(stage.dir, sizes.megabytes);
  await stage.start("scheduler");
  const samples = await times(sizes.samples, async (index) => {
    report(`sample ${index + 1} of ${sizes.samples}`);
    return { cat: await catTime(bench, stage, printed), tac8: await runOnce({ stage, printed, signal }) };
  });
  const what = `${sizes.megabytes} MB of an agent's output`;
  const kept = Math.max(...samples.map(({ tac8 }) => tac8.logBytes)) / MB;
  const note = `every line is read; the raw log keeps ${Math.round(kept)} MB of them, and cat writes all of them`;
  return [
    row({
      name: "output/cpu",
      what: `${what}: CPU of the runner`,
      unit: "s",
      value: samples.map(({ tac8 }) => tac8.cpuMs / 1000),
      floor: { what: "CPU of cat > file", value: samples.map(({ cat }) => cat.cpuMs / 1000) },
      note,
    }),
    row({
      name: "output/redis-cpu",
      what: `${what}: CPU of Redis, for the live stream`,
      unit: "s",
      value: samples.map(({ tac8 }) => tac8.redisCpuMs / 1000),
    }),
    row({
      name: "output/memory",
      what: `${what}: highest growth of the runner's memory`,
      unit: "MB",
      value: samples.map(({ tac8 }) => tac8.growth),
    }),
  ];
}

/** Measure one sample with a new runner, because memory of an earlier sample would hide the growth. */
async function runOnce(options: { stage: BenchStage; printed: Output; signal: AbortSignal }): Promise<Sample> {
  const { stage, printed, signal } = options;
  const { github, redisServer, dataFolder, witness } = stage;
  await using runner = await stage.start("runner", { env: printed.env });
  const memoryBefore = resetPeak(runner.pid);
  const timeoutMs = MINUTES * 60_000;
  const atPull = nextRequest(github, { matches: isPullOpened(REPO), what: "a pull request", signal, timeoutMs }).then(
    () => ({ runner: cpuMs(runner.pid), redis: cpuMs(redisServer.pid), peak: peakMemory(runner.pid) }),
  );
  const numbers = openIssues(github, 1);
  const done = waitForEndLabels({ stage, numbers, signal, timeoutMs });
  const started = until(() => exists(join(witness, `gh-${numbers[0]}`)), { signal, what: "an agent" }).then(() => ({
    runner: cpuMs(runner.pid),
    redis: cpuMs(redisServer.pid),
  }));
  const [before, after] = await Promise.all([started, atPull, done]);
  const logs = join(dataFolder, "logs");
  const logBytes = await bytesUnder(logs);
  await rm(logs, { recursive: true, force: true });
  return {
    cpuMs: after.runner - before.runner,
    redisCpuMs: after.redis - before.redis,
    growth: after.peak - memoryBefore,
    logBytes,
  };
}

/** Run the same program with its output piped to cat, and count only the CPU time of cat. The program commits in a separate repository. */
async function catTime(bench: Bench, stage: BenchStage, printed: Output): Promise<Timed> {
  const cwd = join(stage.dir, "cat");
  const file = join(stage.dir, "cat.out");
  await mkdir(cwd);
  const env = { ...stage.env, ...printed.env, CAT_FILE: file };
  const { leftovers, signal } = bench;
  await timed({ command: ["git", "init", "--quiet"], env, cwd, leftovers, signal });
  const printing = PRINT_COMMAND.map((part) => `'${part}'`).join(" ");
  const script = `${printing} | { TIMEFORMAT='%3R %3U %3S'; { time cat >"$CAT_FILE"; } 2>&1; }`;
  const { output: times } = await timed({ command: ["bash", "-c", script], env, cwd, leftovers, signal });
  for (const path of [cwd, file]) await rm(path, { recursive: true, force: true });
  const [real = 0, user = 0, system = 0] = times.trim().split(/\s+/).map(Number);
  return { wallMs: real * 1000, cpuMs: (user + system) * 1000, output: "" };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function bytesUnder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
