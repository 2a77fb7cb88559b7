import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import type { App } from "../stage/app.ts";
import { BARE_IDLE, BARE_START, bareStart, startBareIdle } from "../stage/bare.ts";
import { COMMAND_AGENT, openIssues, waitForEndLabels } from "../stage/issues.ts";
import { cpuMs, privateMemory } from "../stage/proc.ts";
import { APPS, openStage, manyFiles, type AppName, type BenchStage } from "../stage/stage.ts";
import { pause, times } from "../stage/until.ts";

const CPU_SECONDS = 60;
/** Wait in ms after the last issue, because the apps still write. */
const SETTLE_MS = 5000;

export const idle: Figure = {
  name: "idle",
  what: "start, memory and CPU of each app that has nothing to do, beside a bare Node process",
  limitMinutes: 45,
  measure: async (bench) => [...(await measureStarts(bench)), ...(await measureRest(bench))],
};

async function measureStarts(bench: Bench): Promise<Row[]> {
  await using stage = await openStage(bench);
  const starts = await times(bench.sizes.samples + 1, async () => ({
    bare: await bareStart(bench),
    scheduler: await startOnce(stage, "scheduler"),
    runner: await startOnce(stage, "runner"),
    board: await startOnce(stage, "board"),
  }));
  const warm = starts.slice(1); // The first one reads from the disk.
  return APPS.flatMap((name) => [
    row({
      name: `idle/${name}-start`,
      what: `${name}: start to ready`,
      unit: "ms",
      value: warm.map((sample) => sample[name].wallMs),
      floor: { what: BARE_START, value: warm.map(({ bare }) => bare.wallMs) },
    }),
    row({
      name: `idle/${name}-start-cpu`,
      what: `${name}: CPU until it is ready`,
      unit: "ms",
      value: warm.map((sample) => sample[name].cpuMs),
      floor: { what: `CPU of ${BARE_START}`, value: warm.map(({ bare }) => bare.cpuMs) },
    }),
  ]);
}

async function startOnce(stage: BenchStage, name: AppName): Promise<{ wallMs: number; cpuMs: number }> {
  await using app = await stage.start(name);
  return { wallMs: app.readyMs, cpuMs: cpuMs(app.pid) };
}

/** Values of each app, and of a bare Node process. */
type Each<T> = Readonly<Record<AppName | "bare", T>>;

interface Group extends AsyncDisposable {
  readonly stage: BenchStage;
  readonly apps: Each<App>;
}

/** Measure several idle groups of apps at the same time, each with its own Redis, to get several samples in the time of one. */
async function measureRest(bench: Bench): Promise<Row[]> {
  const { signal, sizes, report } = bench;
  await using opened = new AsyncDisposableStack();
  const groups = await times(sizes.samples, async () => opened.use(await openGroup(bench)));
  const cpuSeconds = Math.min(CPU_SECONDS, sizes.idleSeconds);
  const readAll = <T>(how: (pid: number) => T) => groups.map(({ apps }) => mapEach(apps, ({ pid }) => how(pid)));

  report(`${groups.length} groups of apps are idle for ${sizes.idleSeconds} s`);
  await pause((sizes.idleSeconds - cpuSeconds) * 1000, signal);
  const before = readAll(cpuMs);
  await pause(cpuSeconds * 1000, signal);
  const after = readAll(cpuMs);
  const quiet = readAll(privateMemory);
  const busy = await times(groups.length, async (index) => {
    report(`${sizes.issues} issues in group ${index + 1} of ${groups.length}`);
    const { stage, apps } = groups[index] as Group;
    await waitForEndLabels({ stage, numbers: openIssues(stage.github, sizes.issues), signal });
    await pause(SETTLE_MS, signal);
    return mapEach(apps, ({ pid }) => privateMemory(pid));
  });

  const minutes = after.map((end, index) =>
    mapEach(end, (ms, name) => ((ms - (before[index]?.[name] ?? 0)) * 60) / cpuSeconds),
  );
  return APPS.flatMap((app) => [
    row({
      name: `idle/${app}-memory`,
      what: `${app}: private memory without work`,
      unit: "MB",
      value: quiet.map((memory) => memory[app]),
      floor: { what: BARE_IDLE, value: quiet.map(({ bare }) => bare) },
    }),
    row({
      name: `idle/${app}-memory-after`,
      what: `${app}: private memory after ${sizes.issues} issues`,
      unit: "MB",
      value: busy.map((memory) => memory[app]),
      floor: { what: BARE_IDLE, value: busy.map(({ bare }) => bare) },
    }),
    row({
      name: `idle/${app}-cpu`,
      what: `${app}: CPU in a minute without work`,
      unit: "ms",
      value: minutes.map((minute) => minute[app]),
      floor: { what: BARE_IDLE, value: minutes.map(({ bare }) => bare) },
    }),
  ]);
}

async function openGroup(bench: Bench): Promise<Group> {
  await using opened = new AsyncDisposableStack();
  const files = manyFiles(bench.sizes.files);
  const stage = opened.use(await openStage(bench, { files, config: COMMAND_AGENT }));
  const scheduler = await stage.start("scheduler");
  const runner = await stage.start("runner");
  const board = await stage.start("board");
  const bare = opened.use(await startBareIdle(bench));
  const all = opened.move();
  return { stage, apps: { scheduler, runner, board, bare }, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function mapEach<From, To>(each: Each<From>, how: (value: From, name: AppName | "bare") => To): Each<To> {
  return {
    scheduler: how(each.scheduler, "scheduler"),
    runner: how(each.runner, "runner"),
    board: how(each.board, "board"),
    bare: how(each.bare, "bare"),
  };
}
