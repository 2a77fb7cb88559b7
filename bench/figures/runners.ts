import { Queue } from "bullmq";
import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import type { App } from "../stage/app.ts";
import { COMMAND_AGENT, openIssues, waitForEndLabels } from "../stage/issues.ts";
import { cpuMs } from "../stage/proc.ts";
import { nextRequest } from "../stage/requests.ts";
import { seedJobs } from "../stage/seed.ts";
import { openStage, OWNER, type BenchStage } from "../stage/stage.ts";
import { awaitedLater, pause, times } from "../stage/until.ts";

/** Number of runners that start at once: more of them only slow each other down. */
const BATCH = 4;
/** Wait in ms for the first work of new runners. */
const SETTLE_MS = 15_000;
const WIDGETS = { owner: OWNER, repo: "widgets", priority: "P1" } as const;

export const runners: Figure = {
  name: "runners",
  what: "many runners on one Redis, beside one",
  limitMinutes: 20,
  measure,
};

/** Idle runners with their own Redis. */
interface RunnerGroup extends AsyncDisposable {
  readonly stage: BenchStage;
  readonly count: number;
  /** State of Redis before the first runner. */
  readonly before: Size;
}

/** State of Redis: number of clients, and memory in MB. */
interface Size {
  readonly clients: number;
  readonly memoryMb: number;
}

async function measure(bench: Bench): Promise<Row[]> {
  const { sizes, signal, report } = bench;
  report(`starting ${sizes.runners} runners on one Redis, and one on another`);
  await using many = await openCrew(bench, sizes.runners);
  await using one = await openCrew(bench, 1);
  await pause(SETTLE_MS, signal);
  const idle = await times(sizes.samples, async () => {
    const [ofMany, ofOne] = await Promise.all([many, one].map((crew) => readRedis(crew, bench)));
    return { many: ofMany, one: ofOne };
  });
  const idleSizes = { many: await sizeOf(many.stage), one: await sizeOf(one.stage) };
  const busy = await times(sizes.samples, () => readBusy(many, bench));
  const taken = await times(sizes.samples + 1, async () => ({
    many: await takenMs(many, signal),
    one: await takenMs(one, signal),
  }));
  const warm = taken.slice(1);
  const what = `${sizes.runners} runners on one Redis`;
  const rowOf = (name: "commands" | "cpuMs", of: string, unit: "/s" | "ms") =>
    row({
      name: `runners/${name === "cpuMs" ? "redis-cpu" : name}`,
      what: `${what}, idle: ${of}, for each runner`,
      unit,
      value: idle.map((sample) => sample.many?.[name] ?? Number.NaN),
      floor: { what: "1 runner", value: idle.map((sample) => sample.one?.[name] ?? Number.NaN) },
    });
  return [
    rowOf("commands", "commands of Redis in a second", "/s"),
    rowOf("cpuMs", "CPU of Redis in a second", "ms"),
    row({
      name: "runners/connections",
      what: `${what}, idle: connections to Redis, for each runner`,
      unit: "count",
      value: [(idleSizes.many.clients - many.before.clients) / many.count],
      floor: { what: "1 runner", value: [idleSizes.one.clients - one.before.clients] },
    }),
    row({
      name: "runners/redis-memory",
      what: `${what}, idle: memory of Redis for all of them`,
      unit: "MB",
      value: [idleSizes.many.memoryMb - many.before.memoryMb],
    }),
    row({
      name: "runners/busy-commands",
      what: `${what}, ${sizes.issues} issues at once: commands of Redis in a second`,
      unit: "/s",
      value: busy.map(({ commands }) => commands),
    }),
    row({
      name: "runners/busy-redis-memory",
      what: `${what}, ${sizes.issues} issues at once: memory of Redis for all of them`,
      unit: "MB",
      value: busy.map(({ memoryMb }) => memoryMb - many.before.memoryMb),
    }),
    row({
      name: "runners/taken",
      what: `${what}: job added to job taken`,
      unit: "ms",
      value: warm.map((sample) => sample.many),
      floor: { what: "1 runner", value: warm.map((sample) => sample.one) },
    }),
  ];
}

async function openCrew(bench: Bench, count: number): Promise<RunnerGroup> {
  await using opened = new AsyncDisposableStack();
  const stage = opened.use(await openStage(bench, { config: COMMAND_AGENT }));
  const before = await sizeOf(stage);
  const all: App[] = [];
  // In parallel, because each takes a second.
  opened.defer(async () => void (await Promise.all(all.map((runner) => runner.stop()))));
  while (all.length < count) {
    const size = Math.min(BATCH, count - all.length);
    all.push(...(await Promise.all(Array.from({ length: size }, () => stage.start("runner")))));
  }
  const moved = opened.move();
  return { stage, count, before, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** Measure commands and CPU time of Redis per second, for each runner. */
async function readRedis(
  { stage, count }: RunnerGroup,
  { sizes, signal }: Bench,
): Promise<{ commands: number; cpuMs: number }> {
  const { redis, redisServer } = stage;
  const read = async () => ({ commands: await commandsOf(redis), cpu: cpuMs(redisServer.pid) });
  const before = await read();
  await pause(sizes.commandSeconds * 1000, signal);
  const after = await read();
  const each = (difference: number) => difference / sizes.commandSeconds / count;
  // One of the commands is the measurement itself.
  return { commands: each(after.commands - before.commands - 1), cpuMs: each(after.cpu - before.cpu) };
}

async function commandsOf(redis: BenchStage["redis"]): Promise<number> {
  return numberIn(await redis.info("stats"), "total_commands_processed");
}

async function sizeOf({ redis }: BenchStage): Promise<Size> {
  const clients = numberIn(await redis.info("clients"), "connected_clients");
  return { clients, memoryMb: numberIn(await redis.info("memory"), "used_memory") / 1e6 };
}

function numberIn(info: string, field: string): number {
  return Number(new RegExp(`^${field}:(\\d+)`, "m").exec(info)?.[1] ?? Number.NaN);
}

/** Measure Redis while runners work on issues, from the first added job to the last finished one. */
async function readBusy(
  { stage }: RunnerGroup,
  { sizes, signal }: Bench,
): Promise<{ commands: number; memoryMb: number }> {
  const { redis, github } = stage;
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis });
  try {
    const numbers = openIssues(github, sizes.issues);
    const done = awaitedLater(waitForEndLabels({ stage, numbers, signal }));
    const [before, startedAt] = [await commandsOf(redis), performance.now()];
    await seedJobs(queue, redis, { ...WIDGETS, numbers });
    await done;
    const seconds = (performance.now() - startedAt) / 1000;
    const commands = ((await commandsOf(redis)) - before) / seconds;
    return { commands, memoryMb: (await sizeOf(stage)).memoryMb };
  } finally {
    await queue.close();
  }
}

/** Measure the time from the call that adds a job to the first request to GitHub of the runner that processes it. */
async function takenMs({ stage }: RunnerGroup, signal: AbortSignal): Promise<number> {
  const { redis, github } = stage;
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis });
  try {
    const [number = 0] = openIssues(github, 1);
    const done = awaitedLater(waitForEndLabels({ stage, numbers: [number], signal }));
    const taken = awaitedLater(nextRequest(github, { matches: () => true, what: "a job to be taken", signal }));
    const startedAt = performance.now();
    await seedJobs(queue, redis, { ...WIDGETS, numbers: [number] });
    await taken;
    const ms = performance.now() - startedAt;
    await done;
    return ms;
  } finally {
    await queue.close();
  }
}
