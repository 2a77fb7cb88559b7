import { Queue } from "bullmq";
import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import type { Bench, Figure } from "../bench.ts";
import { row, type Row } from "../results.ts";
import type { App } from "../stage/app.ts";
import { COMMAND_AGENT, openIssues, waitForEndLabels } from "../stage/issues.ts";
import { startPolling, type Poll } from "../stage/polls.ts";
import { nextRequest } from "../stage/requests.ts";
import { cpuMs } from "../stage/proc.ts";
import { jobOf, seedJobs } from "../stage/seed.ts";
import { boardUrl, openStage, OWNER, type BenchStage } from "../stage/stage.ts";
import type { Timed } from "../stage/timed.ts";
import { awaitedLater, times } from "../stage/until.ts";
import { pageMs, tac8 } from "./cli.ts";

const FEW = 10;
const ADDED = 20;
const PAGES = 10;
/** Polls per sample: a single poll is shorter than the jitter of the timer between polls. */
const POLLS = 3;
const POLL_MS = 1000;
/** A repository that is not polled: its jobs make the queue longer and do not change GitHub's answers. */
const OTHER = { owner: OWNER, repo: "elsewhere", priority: "P2" } as const;
const MINE = { owner: OWNER, repo: "widgets", priority: "P0" } as const;

export const queue: Figure = {
  name: "queue",
  what: "a queue with many waiting jobs, beside one with ten",
  limitMinutes: 20,
  measure,
};

/** A queue with waiting jobs, on its own stage. */
interface Filled extends AsyncDisposable {
  readonly stage: BenchStage;
  readonly jobs: Queue<JobData, JobResult>;
  readonly board: App;
}

async function measure(bench: Bench): Promise<Row[]> {
  const { sizes, report } = bench;
  report(`filling a queue with ${sizes.waiting} jobs, and one with ${FEW}`);
  await using many = await openFilled(bench, sizes.waiting);
  await using few = await openFilled(bench, FEW);
  /** Measure both queues alternately, so that a slow moment of the machine affects both. */
  const alternately = <T>(how: (filled: Filled) => Promise<T>, count = sizes.samples) =>
    times(count, async (): Promise<Pair<T>> => ({ many: await how(many), few: await how(few) }));

  const page = ({ board }: Filled) => pageTimes(board, bench.signal);
  await alternately(page, 1); // The first pages are slower.
  const added = await alternately(addMs);
  const pages = await alternately(page);
  const status = await alternately(({ stage }) => tac8({ bench, stage, args: ["status"] }));
  report("starting jobs");
  const started = await measureStarts({ bench, many, few });
  report("polling");
  const polls = await measurePolls({ bench, many, few });

  const rowOf = <T>(name: string, what: string, samples: readonly Pair<T>[], of: (sample: T) => number) =>
    row({
      name: `queue/${name}`,
      what: `${sizes.waiting} jobs wait: ${what}`,
      unit: "ms",
      value: samples.map((sample) => of(sample.many)),
      floor: { what: `${FEW} jobs wait`, value: samples.map((sample) => of(sample.few)) },
    });
  return [
    rowOf("add", "one is added", added, (ms) => ms),
    rowOf("start", "one is started", started, (ms) => ms),
    rowOf("overview", "overview page", pages, ({ wallMs }) => wallMs),
    rowOf("overview-cpu", "overview page, CPU of the board", pages, ({ cpuMs }) => cpuMs),
    rowOf("status", "tac8 status", status, ({ wallMs }) => wallMs),
    rowOf("status-cpu", "tac8 status, CPU", status, ({ cpuMs }) => cpuMs),
    rowOf("poll", "one poll", polls, ({ durationMs }) => durationMs),
    rowOf("poll-cpu", "CPU of the scheduler from poll to poll, a second apart", polls, ({ cpuMs }) => cpuMs),
  ];
}

interface Pair<T> {
  readonly many: T;
  readonly few: T;
}

async function openFilled(bench: Bench, count: number): Promise<Filled> {
  await using opened = new AsyncDisposableStack();
  const config = {
    ...COMMAND_AGENT,
    coordinator: { max_concurrent_workers: 1, poll_interval_seconds: POLL_MS / 1000 },
  };
  const stage = opened.use(await openStage(bench, { config }));
  const { redis, github } = stage;
  const jobs = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis });
  jobs.on("error", () => undefined);
  opened.defer(() => jobs.close());
  await jobs.pause();
  // One job for each measured start, one at the beginning, and the rest of ten for the polls.
  const numbers = openIssues(github, bench.sizes.samples + 1 + FEW);
  const others = Array.from({ length: Math.max(0, count - numbers.length) }, (_, index) => index + 1);
  await seedJobs(jobs, redis, { ...OTHER, numbers: others });
  await seedJobs(jobs, redis, { ...MINE, numbers });
  const board = await stage.start("board");
  const all = opened.move();
  return { stage, jobs, board, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Measure the call that adds a job, as the mean of a few. Remove these jobs again. */
async function addMs({ jobs }: Filled): Promise<number> {
  const news = Array.from({ length: ADDED }, (_, index) => jobOf(OTHER, 1_000_000 + index));
  const startedAt = performance.now();
  const added = [];
  for (const { name, data, opts } of news) added.push(await jobs.add(name, data, opts));
  const ms = (performance.now() - startedAt) / ADDED;
  for (const job of added) await job.remove();
  return ms;
}

/** Measure the time of one page, as the mean of several. */
async function pageTimes(board: App, signal: AbortSignal): Promise<Pick<Timed, "wallMs" | "cpuMs">> {
  const url = boardUrl(board);
  const cpuBefore = cpuMs(board.pid);
  const all = await times(PAGES, () => pageMs(url, signal));
  return { wallMs: all.reduce((sum, ms) => sum + ms, 0) / PAGES, cpuMs: (cpuMs(board.pid) - cpuBefore) / PAGES };
}

interface Both {
  readonly bench: Bench;
  readonly many: Filled;
  readonly few: Filled;
}

/** Measure the time from the moment at which the queue is resumed to the first request to GitHub of the runner for its job. */
async function measureStarts({ bench, many, few }: Both): Promise<Pair<number>[]> {
  const { sizes, signal } = bench;
  await using started = new AsyncDisposableStack();
  for (const { stage } of [many, few]) started.use(await stage.start("runner"));
  async function startMs({ stage, jobs }: Filled): Promise<number> {
    const [next] = await jobs.getPrioritized(0, 0);
    if (next === undefined) throw new Error("no job waits: this is a defect");
    const done = awaitedLater(waitForEndLabels({ stage, numbers: [next.data.number], signal }));
    const taken = awaitedLater(nextRequest(stage.github, { matches: () => true, what: "a job to be taken", signal }));
    const startedAt = performance.now();
    await jobs.resume();
    await taken;
    const ms = performance.now() - startedAt;
    await jobs.pause(); // The runner has one slot, and it is busy with this job.
    await done;
    return ms;
  }
  const samples = await times(sizes.samples + 1, async () => ({ many: await startMs(many), few: await startMs(few) }));
  return samples.slice(1);
}

async function measurePolls({ bench, many, few }: Both): Promise<Pair<Poll>[]> {
  const { sizes, signal } = bench;
  async function pollsOf({ stage }: Filled): Promise<Poll[]> {
    await using polls = await startPolling({ stage, intervalMs: POLL_MS, signal });
    await polls.first();
    const all = await polls.next(sizes.samples * POLLS);
    return Array.from({ length: sizes.samples }, (_, index) => meanOf(all.slice(index * POLLS, (index + 1) * POLLS)));
  }
  const [ofMany, ofFew] = [await pollsOf(many), await pollsOf(few)];
  return ofMany.flatMap((poll, index) => {
    const other = ofFew[index];
    return other === undefined ? [] : [{ many: poll, few: other }];
  });
}

function meanOf(polls: readonly Poll[]): Poll {
  const mean = (of: (poll: Poll) => number) => polls.reduce((sum, poll) => sum + of(poll), 0) / polls.length;
  return {
    durationMs: mean(({ durationMs }) => durationMs),
    cpuMs: mean(({ cpuMs }) => cpuMs),
    requests: mean(({ requests }) => requests),
  };
}
