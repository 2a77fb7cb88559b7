import { Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { NewEvent } from "@tac8/core/domain/events";
import { jobIdOf } from "@tac8/core/domain/reference";
import { jobOptions, QUEUE_NAME } from "@tac8/core/queue/contract";
import { appendEvent, readEvents } from "@tac8/core/state/events";
import { diffKey, issueKey, runStreamKey } from "@tac8/core/state/keys";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { OWNER, REPO } from "../names.ts";
import type { Point } from "./fit.ts";

const BATCH = 50;
const FIRST = 100_000;

/**
 * Write issues to Redis as finished runs leave them, copied from a real one: hash, live stream, diff, events and finished job. The
 * clock moves forward evenly, so keys expire. Measure at four points.
 */
export async function record(
  redis: Redis,
  given: { readonly count: number; readonly days: number; readonly measure: () => Promise<Record<string, number>> },
): Promise<Point[]> {
  const { count, days, measure } = given;
  const name = REPO.split("/")[1] ?? "";
  const example = await exampleOf(redis);
  const events = (await readEvents(redis, { count: 10_000 })).filter(({ issue }) => issue === example.jobId);
  const queue = new Queue(QUEUE_NAME, { connection: redis, skipMetasUpdate: true });
  const connection = redis.duplicate();
  const worker = new Worker(QUEUE_NAME, () => Promise.resolve({ outcome: "pr", prUrl: null, reason: null }), {
    connection,
    concurrency: BATCH,
  });
  const points: Point[] = [];
  try {
    for (let done = 0; done < count; done += BATCH) {
      const numbers = Array.from({ length: BATCH }, (_, index) => FIRST + done + index);
      await Promise.all(
        numbers.map(async (number) => {
          const ref = { owner: OWNER, repo: name, number };
          const jobId = jobIdOf(ref);
          await redis.copy(issueKey(example.jobId), issueKey(jobId));
          await copyStream(redis, runStreamKey(example.run), runStreamKey(`recorded-${number}`));
          await copyStream(redis, diffKey(example.jobId), diffKey(jobId));
          for (const event of events) await appendEvent(redis, { ...event, issue: jobId } as NewEvent);
          const data = {
            ...ref,
            repositoryId: 1,
            title: `Issue ${number}`,
            url: `https://github.com/${REPO}/issues/${number}`,
          };
          await queue.add("issue", data, jobOptions({ jobId, priority: "P2", beforeNewWork: false, attempts: 3 }));
        }),
      );
      while ((await queue.getJobCountByTypes("wait", "prioritized", "active")) > 0) await worker.waitUntilReady();
      await shortenLifetimes(redis, (days * 24 * 3_600_000 * BATCH) / count);
      const [before, after] = [done, done + BATCH].map((each) => Math.floor((4 * each) / count));
      if (before !== after) {
        points.push({ issues: done + BATCH, days: (days * (done + BATCH)) / count, values: await measure() });
      }
    }
  } finally {
    await worker.close();
    await queue.close();
    connection.disconnect();
  }
  return points;
}

async function exampleOf(redis: Redis): Promise<{ readonly jobId: string; readonly run: string }> {
  const store = createIssueStore(redis);
  for (const key of await redis.keys(issueKey("*"))) {
    const jobId = key.slice(issueKey("").length);
    const {
      state,
      agent: { run: agentRun },
    } = await store.read(jobId);
    const isWhole = agentRun !== null && (await redis.exists(runStreamKey(agentRun), diffKey(jobId))) === 2;
    if (state === "pr" && isWhole) return { jobId, run: agentRun };
  }
  throw new Error("no issue was worked on that has a live stream and a diff still");
}

/** Copy a stream with its full time to live. */
async function copyStream(redis: Redis, from: string, to: string): Promise<void> {
  const left = fullLife.get(from) ?? (await redis.pttl(from));
  fullLife.set(from, left);
  await redis.persist(from); // The copied issue itself must not expire.
  await redis.copy(from, to);
  if (left > 0) await redis.pexpire(to, left);
}

const fullLife = new Map<string, number>();

/** Let every key with a time to live expire earlier by this time. */
async function shortenLifetimes(redis: Redis, ms: number): Promise<void> {
  for await (const keys of redis.scanStream({ match: "tac8:*", count: 1000 })) {
    const lives = await Promise.all((keys as string[]).map(async (key) => [key, await redis.pttl(key)] as const));
    await Promise.all(
      lives
        .filter(([, left]) => left >= 0)
        .map(([key, left]) => redis.pexpire(key, Math.max(1, left - Math.round(ms)))),
    );
  }
}
