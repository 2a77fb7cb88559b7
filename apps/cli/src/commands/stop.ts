import { formatReference, parseJobId } from "@tac8/core/domain/reference";
import { isEnded } from "@tac8/core/domain/states";
import { stopIssue, type StopAnswer } from "@tac8/core/queue/stop";
import { readEvents } from "@tac8/core/state/events";
import { createIssueStore } from "@tac8/core/state/issueStore";
import type { Redis } from "ioredis";
import { Problem, unreachable, WrongUsage, type Context } from "../context.ts";
import { operatorOf } from "../operator.ts";
import type { Input } from "../program.ts";
import { UP_RUNNING, withRedis } from "../redis/connect.ts";
import { locateDespiteMistakes } from "../redis/locate.ts";
import { withQueue } from "../redis/queue.ts";
import { referenceOf } from "../reference.ts";
import { followStop, type FollowOptions } from "../stop/follow.ts";
import { jsonText } from "../terminal/json.ts";
import { plain } from "../terminal/text.ts";

const MAX_SECONDS = 24 * 3600;
/** The stop was asked for, and goes on: whoever asked does not wait for its end (any more). */
const NOT_YET = 3;

interface Wish {
  readonly jobId: string;
  readonly reason: string | null;
  readonly kill: boolean;
  /** Null: not at all. */
  readonly waitMs: number | null;
  readonly json: boolean;
  readonly pollSeconds: number;
}

/**
 * Exit codes: 0 nothing of it runs any more, 1 a problem, 2 wrong usage, 3 asked for but not at its end yet (with
 * `--no-wait` 0). `--json`: `{issue, result, state, runner, branch, sha, pr, reason}` when it is over or no longer waited for.
 */
export async function stop(context: Context, { args, options }: Input): Promise<number> {
  const place = locateDespiteMistakes(context, options["config"] as string | undefined);
  const wish: Wish = {
    jobId: referenceOf(args[0] ?? "", place),
    reason: (options["reason"] as string | undefined) ?? null,
    kill: options["now"] === true,
    waitMs: options["wait"] === false ? null : secondsOf(options["timeout"] as string) * 1000,
    json: options["json"] === true,
    pollSeconds: place.pollSeconds,
  };
  return withRedis(place.redisUrl, (redis) => stopIn(context, redis, wish), UP_RUNNING);
}

async function stopIn(context: Context, redis: Redis, wish: Wish): Promise<number> {
  const { jobId, reason, kill } = wish;
  const store = createIssueStore(redis);
  const [before, newest] = await Promise.all([store.read(jobId), readEvents(redis, { count: 1 })]);
  const given = { store, redis, jobId, by: operatorOf(context), reason, kill, now: context.now() };
  const answer = await withQueue(redis, (queue) => stopIssue({ queue, ...given }));
  // Before anything is said: whoever reads that the stop goes on may be quick with Ctrl-C.
  const enough = new AbortController();
  const ignore = context.onSignal(() => enough.abort());
  const since = { event: newest[0]?.id ?? "0", publishedSha: before.publishedSha };
  try {
    return await tellOfStop(context, redis, { wish, answer, since, signal: enough.signal });
  } finally {
    ignore();
  }
}

interface Asked {
  readonly wish: Wish;
  readonly answer: StopAnswer;
  readonly since: FollowOptions["since"];
  /** Aborted when nobody waits any longer. */
  readonly signal: AbortSignal;
}

async function tellOfStop(context: Context, redis: Redis, { wish, answer, since, signal }: Asked): Promise<number> {
  const { jobId, kill, waitMs, json, pollSeconds } = wish;
  const store = createIssueStore(redis);
  const ref = parseJobId(jobId);
  const name = ref === null ? jobId : formatReference(ref);
  const say = (line: string): void => {
    if (!json) context.out.line(line);
  };
  const refusal = describeRefusal(name, answer);
  if (refusal !== null) throw new Problem(refusal);
  if (answer.kind === "ended") say(`${name} has ended (${answer.state}): there is nothing to stop.`);
  if (answer.kind === "stopping") {
    const runner = plain(answer.runner ?? "its runner");
    say(
      kill
        ? `${name}: ${runner} kills its agent`
        : `${name}: ${runner} interrupts its agent, saves its work and pushes it`,
    );
  }
  let over = answer.kind === "ended";
  if (!over && waitMs !== null) {
    const result = await followStop({ context, redis, store, jobId, since, say, waitMs, pollSeconds, signal });
    over = result === "over";
    if (result === "late")
      say(`${name} is not at its end after ${Math.round(waitMs / 1000)} s; the stop goes on. tac8 list shows it.`);
    if (result === "left") say(`${name}: no longer waiting; the stop goes on.`);
  }
  const after = await store.read(jobId);
  const ended = answer.kind === "ended" || isEnded(after.state);
  if (json) {
    const { state, branch, publishedSha, prNumber, reason: why } = after;
    const result = answer.kind === "ended" ? "ended" : ended ? (state ?? "stopped") : "stopping";
    const shown = { issue: name, result, state, runner: answer.kind === "stopping" ? answer.runner : null };
    context.out.line(jsonText({ ...shown, branch, sha: publishedSha, pr: prNumber, reason: why }));
  } else if (answer.kind !== "ended" && ended) {
    const work = after.publishedSha === null ? "" : ` Its work is on the branch ${plain(after.branch ?? "?")}.`;
    if (after.state === "stopped") say(`${name} is stopped.${work} To start it again: tac8 add ${name}`);
    else say(`${name} came to its own end before it could be stopped: ${after.state ?? "ended"}.`);
  }
  return ended || waitMs === null ? 0 : NOT_YET;
}

function describeRefusal(name: string, answer: StopAnswer): string | null {
  switch (answer.kind) {
    case "unknown":
      return `${name} is not known here: check the number`;
    case "changed":
      return `${name} changes just now: look at it with tac8 list, and try again`;
    case "ended":
    case "stopped":
    case "stopping":
      return null;
    default:
      return unreachable(answer);
  }
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
    throw new WrongUsage(`--timeout takes seconds, 1 to ${MAX_SECONDS}, not "${plain(text).slice(0, 40)}"`);
  }
  return seconds;
}
