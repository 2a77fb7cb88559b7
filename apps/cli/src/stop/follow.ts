import { setTimeout as sleep } from "node:timers/promises";
import { isEnded } from "@tac8/core/domain/states";
import { readEventsAfter } from "@tac8/core/state/events";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { keepsPolling, readRunners, readScheduler, RUNNER_OFFLINE_MS } from "@tac8/core/state/presence";
import type { Redis } from "ioredis";
import type { Context } from "../context/context.ts";
import { plain } from "../terminal/text.ts";

const CHECK_MS = 300;
const PRESENCE_MS = 3000;
const MAX_EVENTS = 200;

export interface FollowOptions {
  readonly context: Pick<Context, "now">;
  /** Borrowed. */
  readonly redis: Redis;
  readonly store: Pick<IssueStore, "read">;
  readonly jobId: string;
  /** The state before the command. */
  readonly since: { readonly event: string; readonly publishedSha: string | null };
  readonly say: (line: string) => void;
  readonly waitMs: number;
  /** Aborted when the user stops waiting. */
  readonly signal: AbortSignal;
  readonly pollSeconds: number;
}

/**
 * Report the progress of a stop until the issue is ended and its comment is updated (`over`), the time is up (`late`), or the user
 * stops waiting (`left`: the stop continues). The cost of a check does not grow with the queue.
 */
export async function followStop(options: FollowOptions): Promise<"over" | "late" | "left"> {
  const { redis, store, jobId, since, say, waitMs, signal } = options;
  const deadline = performance.now() + waitMs;
  const reported = new Set<string>();
  const once = (line: string): void => {
    if (!reported.has(line)) say(line);
    reported.add(line);
  };
  let { event } = since;
  let presenceAt = performance.now() + PRESENCE_MS;
  for (;;) {
    const record = await store.read(jobId);
    for (const entry of await readEventsAfter(redis, { after: event, count: MAX_EVENTS })) {
      event = entry.id;
      if (entry.issue === jobId && entry.event === "agent:ended") once(`  ${plain(entry.reason)}`);
    }
    const { published: publishedSha, name: branch } = record.branch;
    const { runner } = record.run;
    if (publishedSha !== null && publishedSha !== since.publishedSha) {
      once(`  its work is on the branch ${plain(branch ?? "?")} (${plain(publishedSha).slice(0, 7)})`);
    }
    const ended = isEnded(record.state);
    if (ended && record.command.stop === null) return "over";
    if (performance.now() >= presenceAt) {
      presenceAt = performance.now() + PRESENCE_MS;
      if (ended && !(await schedulerIsThere(options))) {
        once("  the scheduler is not running: it updates the comment on GitHub when it is started");
        return "over";
      }
      if (ended) once("  its comment on GitHub is not updated yet");
      else await reportRunner(options, runner, once);
    }
    if (performance.now() >= deadline) return "late";
    await sleep(CHECK_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return "left";
  }
}

async function schedulerIsThere({ redis, context, pollSeconds }: FollowOptions): Promise<boolean> {
  const scheduler = await readScheduler(redis);
  return scheduler !== null && keepsPolling(scheduler, { now: context.now(), pollSeconds });
}

/** Report an unreachable runner, which receives no commands. Its job is moved to another runner when its lock expires. */
async function reportRunner(
  { redis, context, jobId }: FollowOptions,
  slot: string | null,
  once: (line: string) => void,
): Promise<void> {
  if (slot === null) return;
  const runners = await readRunners(redis);
  const its = runners.find(({ name, runs }) => name === slot || runs?.some((run) => run.issue === jobId) === true);
  const silent = its === undefined ? null : context.now() - its.at;
  if (silent !== null && silent <= RUNNER_OFFLINE_MS) return;
  once(`  its runner ${plain(slot)} is unreachable: the issue is stopped when the lock of its job expires`);
}
