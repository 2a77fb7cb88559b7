import { Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { LiveEvent } from "@tac8/core/conversation/event";
import { queuePriority, type Priority } from "@tac8/core/domain/priority";
import { bucketFields } from "@tac8/core/ledger/histograms";
import { timeToPullField } from "@tac8/core/ledger/timesToPull";
import { lastDays } from "@tac8/core/domain/days";
import { addSample, SAMPLE_MS } from "@tac8/core/ledger/samples";
import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { END_EVENTS } from "@tac8/core/domain/events";
import { encodeEvent } from "@tac8/core/state/events";
import type { IssuePatch } from "@tac8/core/state/issueState";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { dayKey, EVENTS_KEY, runStreamKey, TOTALS_KEY } from "@tac8/core/state/keys";
import { announceRunner, announceScheduler, type RunPresence } from "@tac8/core/state/presence";

/** A busy tac8, written to Redis as scheduler and runners do it, for the pictures and for tests of whole pages. */
export interface Scene {
  readonly redis: Redis;
  /** Epoch ms. */
  readonly now: number;
  readonly owner: string;
  readonly repo: string;
}

const MINUTE = 60_000;
const USAGE = { inputTokens: 4100, outputTokens: 9800, cacheReadTokens: 312_000, cacheWriteTokens: 28_000, turns: 14 };

export async function paintScene(scene: Scene): Promise<void> {
  await paintHistory(scene);
  await paintQueue(scene);
  await paintPresence(scene);
}

/** Announce scheduler and runners, which then count as running for half a minute. */
export async function paintPresence(scene: Scene): Promise<void> {
  const { redis, now } = scene;
  await announceScheduler(redis, { at: now, lastPollAt: now - 12_000, error: null });
  const machine = { totalMemoryMb: 8192, freeDiskGb: 91, loadPerCore: 0.7, temperatureC: 58 };
  await announceRunner(redis, {
    name: "pi-1",
    at: now,
    host: "pi-1",
    pid: 812,
    slots: 2,
    busy: 2,
    tired: null,
    machine: { ...machine, freeMemoryMb: 3900 },
    runs: [
      run(scene, {
        number: 471,
        slot: "pi-1/0",
        phase: "work",
        minutes: 14,
        title: "Exports time out on large boards",
      }),
      run(scene, {
        number: 468,
        slot: "pi-1/1",
        phase: "publish",
        minutes: 31,
        title: "Keyboard shortcuts for the layer panel",
      }),
    ],
  });
  await announceRunner(redis, {
    name: "workshop",
    at: now,
    host: "workshop",
    pid: 4411,
    slots: 3,
    busy: 1,
    tired: null,
    machine: { ...machine, freeMemoryMb: 9100, totalMemoryMb: 16_384, loadPerCore: 0.3, temperatureC: 44 },
    runs: [
      run(scene, {
        number: 475,
        slot: "workshop/2",
        phase: "prepare",
        minutes: 0.3,
        title: "Netlist import drops pin names",
        quiet: true,
      }),
    ],
  });
}

function run(
  { owner, repo, now }: Scene,
  given: { number: number; slot: string; phase: RunPresence["phase"]; minutes: number; title: string; quiet?: boolean },
): RunPresence {
  const { number, slot, phase, minutes, title, quiet = false } = given;
  return {
    issue: `${owner}.${repo}.${number}`.toLowerCase(),
    title,
    run: `run-${number}`,
    slot,
    phase,
    since: now - minutes * MINUTE,
    last: quiet ? null : { at: now - 7000, kind: "tool", text: "Bash: npm test -- --run src/export" },
    tokens: quiet ? 0 : Math.round(24_000 * minutes),
    costUsd: quiet ? 0 : 0.031 * minutes,
  };
}

const WORKING = [
  [471, "Exports time out on large boards"],
  [468, "Keyboard shortcuts for the layer panel"],
  [475, "Netlist import drops pin names"],
] as const;

/** The issue that is retried because its agent stalled. */
const STALLED = 467;

const WAITING: readonly (readonly [number, Priority, string])[] = [
  [482, "P0", "Crash when a board has no outline"],
  [477, "P1", "Drag and drop of several footprints"],
  [478, "P1", "Remember the zoom level"],
  [479, "P2", "Spelling in the welcome dialog"],
  [480, "P2", "Show units beside every number"],
];

interface Ended {
  readonly number: number;
  readonly title: string;
  readonly outcome: "pr" | "failed" | "stopped";
  readonly reason: string | null;
  /** Minutes since the end. */
  readonly minutes: number;
  readonly slot: string;
  readonly agentRuns: number;
}

/** Issues that ended today, the newest first. Each slot is free at that time: see `paintPresence`. */
const ENDED: readonly Ended[] = [
  ended([470, "Wrong colour of ground planes in dark mode", 6, "workshop/0"]),
  ended([466, "Group symbols by library", 41, "pi-1/1"]),
  {
    ...ended([465, "Upgrade the parser", 58, "pi-1/0"]),
    outcome: "failed",
    reason: "the tests of the base branch fail already: 3 tries",
    agentRuns: 3,
  },
  ended([463, "Undo after a paste", 83, "workshop/1"]),
  {
    ...ended([459, "Faster start", 150, "pi-1/1"]),
    outcome: "stopped",
    reason: "stopped by ada@desk: wrong approach",
  },
  ended([460, "Add a French translation", 171, "workshop/0"]),
];

function ended([number, title, minutes, slot]: readonly [number, string, number, string]): Ended {
  return { number, title, outcome: "pr", reason: null, minutes, slot, agentRuns: 1 };
}

/** Time from the queue to the end. */
const TOOK_MS = 30 * MINUTE;
const costOf = (number: number) => 0.38 + number / 1000;

async function paintQueue(scene: Scene): Promise<void> {
  const { redis, now, owner, repo } = scene;
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis });
  const store = createIssueStore(redis);
  const idOf = (number: number) => `${owner}.${repo}.${number}`.toLowerCase();
  const add = (number: number, title: string, options: object) => {
    const url = `https://github.com/${owner}/${repo}/issues/${number}`;
    return queue.add(
      "issue",
      { owner, repo, number, repositoryId: 1, title, url },
      { jobId: idOf(number), attempts: 3, ...options },
    );
  };
  const write = (number: number, patch: IssuePatch) => store.writeIf(idOf(number), {}, patch);
  const worker = new Worker<JobData, JobResult>(QUEUE_NAME, null, {
    connection: redis,
    autorun: false,
    lockDuration: 60 * MINUTE,
  });
  for (const { number, title, outcome, reason, minutes, slot } of ENDED.toReversed()) {
    const at = now - minutes * MINUTE;
    await add(number, title, { timestamp: at - TOOK_MS, attempts: 1 });
    const prUrl = outcome === "pr" ? `https://github.com/${owner}/${repo}/pull/${number + 40}` : null;
    const job = await worker.getNextJob("token");
    if (outcome === "failed") await job?.moveToFailed(new Error(reason ?? ""), "token", false);
    else await job?.moveToCompleted({ outcome, prUrl, reason }, "token", false);
    await redis.hset(queue.toKey(idOf(number)), "finishedOn", at);
    await redis.zadd(queue.toKey(outcome === "failed" ? "failed" : "completed"), at, idOf(number));
    const usage = { ...USAGE, durationMs: 9 * MINUTE, costUsd: costOf(number) };
    const pull = prUrl === null ? {} : { "pull.url": prUrl, "pull.number": number + 40 };
    await write(number, {
      state: outcome,
      since: new Date(at).toISOString(),
      "end.reason": reason,
      "agent.usage": usage,
      ...pull,
    });
    const event = {
      issue: idOf(number),
      from: "running" as const,
      by: `runner ${slot}`,
      reason: reason ?? "opened the pull request",
      event: END_EVENTS[outcome],
    };
    const facts = { pr: prUrl === null ? null : number + 40, sha: null, failure: null, question: null };
    const evidence = { ...facts, silent: null, unlabelled: null, sinceBegunMs: null };
    await redis.xadd(EVENTS_KEY, `${at}-0`, ...encodeEvent({ ...event, evidence }));
  }
  for (const [number, title] of WORKING) {
    await add(number, title, {});
    await worker.getNextJob("token");
  }
  await worker.close();
  for (const [number, priority, title] of WAITING) {
    const options = { priority: queuePriority(priority, false), timestamp: now - (500 - number) * 3 * MINUTE };
    await add(number, title, options);
    await write(number, { state: "queued", since: new Date(options.timestamp).toISOString() });
  }
  const later: readonly (readonly [number, string, number, IssuePatch])[] = [
    [
      STALLED,
      "Import of Gerber files",
      2 * MINUTE,
      { state: "retrying", "end.reason": "the agent printed nothing for 15 min" },
    ],
    [462, "Panelize boards", 41 * MINUTE, { state: "parked", "end.reason": "GitHub: 502 Bad Gateway" }],
    [
      455,
      "Which file formats should the exporter write?",
      13 * 24 * 60 * MINUTE,
      {
        state: "blocked",
        "question.text":
          "The issue names Gerber and ODB++. Should ODB++ be part of this pull request, or of a later one?",
      },
    ],
  ];
  for (const [number, title, delay, patch] of later) {
    await add(number, title, { delay });
    await write(number, patch);
  }
  await queue.close();
}

/** Return what an earlier day counted. */
function countsOf(index: number): Record<string, number> {
  const wave = Math.round(4 + 3 * Math.sin(index * 1.3) + (index % 4));
  const failed = index % 3 === 0 ? 2 : index % 5 === 0 ? 1 : 0;
  const stopped = index % 6 === 2 ? 1 : 0;
  const exited = wave + 3 * failed;
  const counts: Record<string, number> = {
    "outcome|pr": wave,
    "outcome|failed": failed,
    // The open question was asked yesterday.
    "outcome|blocked": index % 4 === 0 ? 1 : 0,
    "outcome|stopped": stopped,
    "agents|exited": exited,
    "agents|stopped": stopped,
    "cost|claude-sonnet-4-5": Math.round((exited + stopped) * 790_000 + index * 20_000),
    ...tokensOf(exited + stopped),
  };
  for (let nth = 0; nth < wave; nth += 1) addPull(counts, (8 + ((nth * 17 + index * 5) % 50)) * MINUTE);
  return counts;
}

/** Return what the agent runs of the issues that ended today, and that of the issue that is retried, have counted. */
function countsOfToday(): Record<string, number> {
  const runs = ENDED.flatMap(({ agentRuns, number }) => Array.from({ length: agentRuns }, () => number));
  const endedAs = (wanted: Ended["outcome"]) => ENDED.filter(({ outcome }) => outcome === wanted).length;
  const counts: Record<string, number> = {
    "outcome|pr": endedAs("pr"),
    "outcome|failed": endedAs("failed"),
    "outcome|stopped": endedAs("stopped"),
    "agents|exited": runs.length - endedAs("stopped"),
    "agents|stopped": endedAs("stopped"),
    "agents|stalled": 1,
    "cost|claude-sonnet-4-5": Math.round([...runs, STALLED].reduce((sum, number) => sum + costOf(number), 0) * 1e6),
    ...tokensOf(runs.length + 1),
  };
  for (const { outcome } of ENDED) if (outcome === "pr") addPull(counts, TOOK_MS);
  return counts;
}

/** Return the tokens of this number of agent runs. */
function tokensOf(runs: number): Record<string, number> {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = USAGE;
  const model = "tokens|claude-sonnet-4-5";
  return {
    [`${model}|input`]: runs * inputTokens,
    [`${model}|output`]: runs * outputTokens,
    [`${model}|cacheRead`]: runs * cacheReadTokens,
    [`${model}|cacheWrite`]: runs * cacheWriteTokens,
  };
}

/** Count a pull request that was opened this long after its issue was queued. */
function addPull(counts: Record<string, number>, tookMs: number): void {
  for (const [field, amount] of [...bucketFields("pr", tookMs), [timeToPullField(tookMs), 1] as const]) {
    counts[field] = (counts[field] ?? 0) + amount;
  }
}

/** Write two weeks of counts and a day of samples, with fixed values. Today's counts are those of the issues of the scene. */
async function paintHistory({ redis, now }: Scene): Promise<void> {
  const totals: Record<string, number> = {};
  const days = lastDays(14, now);
  for (const [index, day] of days.entries()) {
    const counts = index === days.length - 1 ? countsOfToday() : countsOf(index);
    await redis.hset(dayKey(day), counts);
    for (const [field, amount] of Object.entries(counts)) totals[field] = (totals[field] ?? 0) + amount;
  }
  await redis.hset(TOTALS_KEY, totals);
  const samples = (24 * 60 * MINUTE) / SAMPLE_MS;
  for (let index = 0; index < samples; index += 1) {
    const at = now - (samples - 1 - index) * SAMPLE_MS;
    const wave = Math.sin(index / 31) + Math.sin(index / 7) / 3;
    const machine = (bias: number) => ({
      freeMemoryMb: Math.round(3600 + bias * 1500 - wave * 1300),
      totalMemoryMb: 8192,
      freeDiskGb: 91,
      loadPerCore: Math.max(0.05, 0.6 + wave * 0.45 - bias * 0.2),
      temperatureC: 55 + wave * 8 - bias * 9,
    });
    await addSample(redis, {
      at,
      waiting: Math.max(0, Math.round(8 + wave * 7)),
      active: Math.min(5, Math.max(0, Math.round(3 + wave * 2.5))),
      delayed: Math.max(0, Math.round(2 + Math.cos(index / 23) * 2)),
      slots: 5,
      hosts: { "pi-1": machine(0), workshop: machine(1) },
    });
  }
}

/** Write the conversation of a run of this issue. */
export async function paintConversation(scene: Scene, number: number, events: readonly LiveEvent[]): Promise<void> {
  const { redis, now, owner, repo } = scene;
  const run = `run-${number}`;
  const started = new Date(now - 14 * MINUTE).toISOString();
  const runs = [{ n: 1, run, runner: "pi-1/0", at: started, session: "s" }];
  const patch = {
    state: "running" as const,
    since: started,
    "run.id": run,
    "run.runner": "pi-1/0",
    "agent.runs": runs,
    "agent.run": run,
    "agent.runCount": 1,
  };
  await createIssueStore(redis).writeIf(`${owner}.${repo}.${number}`.toLowerCase(), {}, patch);
  for (const event of events) await redis.xadd(runStreamKey(run), "*", "event", JSON.stringify(event));
}

export function exampleConversation(now: number): LiveEvent[] {
  const at = (seconds: number) => now - 14 * MINUTE + seconds * 1000;
  return [
    { at: at(2), kind: "init", text: "claude-sonnet-4-5, session 3b1f" },
    { at: at(9), kind: "thinking", text: "The export reads the whole board for every layer. A test first." },
    { at: at(14), kind: "text", text: "I start with a test that shows how long a large board takes." },
    { at: at(15), kind: "tool", tool: "Grep", text: "readBoard\\(", call: "a" },
    {
      at: at(16),
      kind: "tool-result",
      text: "src/export/gerber.ts:41\nsrc/export/gerber.ts:88\nsrc/board/read.ts:12",
      call: "a",
    },
    {
      at: at(30),
      kind: "todo",
      call: "b",
      text: "",
      todo: [
        { text: "A test with 200 layers", status: "completed" },
        { text: "Read the board once", status: "in_progress" },
        { text: "Measure again", status: "pending" },
      ],
    },
    { at: at(55), kind: "tool", tool: "Task", text: "Find every caller of readBoard", call: "c" },
    { at: at(58), kind: "text", text: "Three callers, all in the exporter.", parent: "c" },
    { at: at(59), kind: "tool", tool: "Read", text: "src/export/gerber.ts", parent: "c", call: "d" },
    { at: at(60), kind: "tool-result", text: 'import { readBoard } from "../board/read.ts";', parent: "c", call: "d" },
    { at: at(75), kind: "tool", tool: "Bash", text: "npm test -- --run src/export", call: "e" },
    {
      at: at(92),
      kind: "tool-result",
      isError: true,
      call: "e",
      text: "FAIL src/export/gerber.test.ts\n  × exports 200 layers within 2 s (timeout)\n\nTests 1 failed, 41 passed",
    },
    {
      at: at(99),
      kind: "text",
      text: "The test fails as it should. Now the board is read once, and handed to each layer:\n\n- `readBoard` moves out of the loop\n- a layer gets what it needs",
    },
    { at: at(120), kind: "tool", tool: "Edit", text: "src/export/gerber.ts", call: "f" },
    { at: at(121), kind: "tool-result", text: "The file has been updated.", call: "f" },
    { at: at(130), kind: "tool", tool: "Bash", text: "npm test -- --run src/export", call: "g" },
    {
      at: at(141),
      kind: "tool-result",
      call: "g",
      text: [
        "RUN v5.1.1",
        "",
        ...Array.from({ length: 14 }, (_, n) => ` ✓ src/export/part${n}.test.ts (3 tests)`),
        "",
        "Tests 42 passed",
      ].join("\n"),
    },
  ];
}
