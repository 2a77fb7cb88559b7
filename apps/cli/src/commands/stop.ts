import { formatReference, parseJobId, refOfJob } from "@tac8/core/domain/reference";
import { isEnded } from "@tac8/core/domain/states";
import { stopIssue, type StopResult } from "@tac8/core/queue/stop";
import { readEvents } from "@tac8/core/state/events";
import { createIssueStore } from "@tac8/core/state/issueStore";
import type { Redis } from "ioredis";
import type { GitHubFacts } from "@tac8/core/why/facts";
import { askAbout, labelOn } from "../references/askAbout.ts";
import type { Context } from "../context/context.ts";
import { Problem, unreachable, WrongUsage } from "../problems/problem.ts";
import { operatorOf } from "../context/operator.ts";
import { stopOutput } from "../json/stop.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locateDespiteMistakes, type Installation } from "../installation/locate.ts";
import { withQueue } from "../redis/queue.ts";
import { referenceOf } from "../references/reference.ts";
import { followStop, type FollowOptions } from "../stop/follow.ts";
import { sentence } from "../terminal/sentence.ts";
import { plain } from "../terminal/text.ts";
import { warn } from "../terminal/warn.ts";

const MAX_SECONDS = 24 * 3600;
/** The stop was requested and continues, but the command no longer waits for it. */
const NOT_YET = 3;

interface StopRequest {
  readonly jobId: string;
  readonly reason: string | null;
  readonly kill: boolean;
  /** Null: do not wait. */
  readonly waitMs: number | null;
  readonly json: boolean;
  readonly installation: Installation;
}

/**
 * Stop an issue. Exit codes: 0 the issue is stopped or ended, 1 a problem, 2 wrong usage, 3 the stop continues (with `--no-wait`:
 * 0). JSON is printed when the stop is complete or the command stops waiting.
 */
export async function stop(context: Context, { args, options }: Input): Promise<number> {
  const installation = locateDespiteMistakes(context, options["config"] as string | undefined);
  const request: StopRequest = {
    jobId: referenceOf(args[0] ?? "", installation),
    reason: (options["reason"] as string | undefined) ?? null,
    kill: options["now"] === true,
    waitMs: options["wait"] === false ? null : secondsOf(options["timeout"] as string) * 1000,
    json: options["json"] === true,
    installation,
  };
  return withRedis(installation.redisUrl, (redis) => stopIn(context, redis, request), installation.advice);
}

async function stopIn(context: Context, redis: Redis, request: StopRequest): Promise<number> {
  const { jobId, reason, kill, installation } = request;
  const store = createIssueStore(redis);
  const ref = refOfJob(jobId, installation.repositories);
  let github: GitHubFacts | null = null;
  const askLabel = async (): Promise<number | null> => {
    if (ref === null) return null;
    github ??= await askAbout(installation, { ref, now: context.now });
    return labelOn(github, installation, ref);
  };
  const [before, newest] = await Promise.all([store.read(jobId), readEvents(redis, { count: 1 })]);
  const given = { store, redis, jobId, by: operatorOf(context), reason, kill, now: context.now() };
  const result = await withQueue(redis, (queue) => stopIssue({ queue, ...given, labelOn: askLabel }));
  // Registered before anything is printed, because a user may press Ctrl-C as soon as a line says that the stop continues.
  const enough = new AbortController();
  const ignore = context.onSignal(() => enough.abort());
  const since = { event: newest[0]?.id ?? "0", publishedSha: before.branch.published };
  try {
    return await reportStop(context, redis, { request, result, github, since, signal: enough.signal });
  } finally {
    ignore();
  }
}

/** A stop whose request was made, for the report to the user. */
interface StopToReport {
  readonly request: StopRequest;
  readonly result: StopResult;
  /** Null: GitHub was not needed. */
  readonly github: GitHubFacts | null;
  readonly since: FollowOptions["since"];
  /** Aborted when the user no longer waits. */
  readonly signal: AbortSignal;
}

async function reportStop(
  context: Context,
  redis: Redis,
  { request, result, github, since, signal }: StopToReport,
): Promise<number> {
  const { jobId, kill, waitMs, json, installation } = request;
  const { pollSeconds } = installation;
  const store = createIssueStore(redis);
  const ref = parseJobId(jobId);
  const name = ref === null ? jobId : formatReference(ref);
  const say = (line: string): void => {
    if (!json) sentence(context.out, line);
  };
  const refusal = describeRefusal(name, result, github);
  if (refusal !== null) throw new Problem(refusal);
  if (result.kind === "ended") {
    say(`${name} is finished (${result.state}): nothing to stop.`);
    if (github?.asked === false)
      warn(context.err, `a label that was just added may still start it: ${notAsked(github)}`);
  }
  if (result.kind === "kept") {
    say(`${name} is not started again: the scheduler removes its new label. Its state stays ${result.state}.`);
  }
  if (result.kind === "stopping") {
    const runner = plain(result.runner ?? "its runner");
    say(
      kill
        ? `${name}: ${runner} is killing the agent`
        : `${name}: ${runner} is interrupting the agent, then saves and pushes its work`,
    );
  }
  const hadEnded = result.kind === "ended" || result.kind === "kept";
  let over = hadEnded;
  if (!over && waitMs !== null) {
    const followed = await followStop({ context, redis, store, jobId, since, say, waitMs, pollSeconds, signal });
    over = followed === "over";
    if (followed === "late")
      say(
        `${name} is not stopped after ${Math.round(waitMs / 1000)} s; stopping continues in the background. See tac8 list.`,
      );
    if (followed === "left") say(`${name}: no longer waiting; stopping continues in the background.`);
  }
  const after = await store.read(jobId);
  const ended = hadEnded || isEnded(after.state);
  if (json) {
    const { state } = after;
    const { name: branch, published: publishedSha } = after.branch;
    const prNumber = after.pull.number;
    const why = after.end.reason;
    const outcome = hadEnded ? result.kind : isEnded(state) ? state : "stopping";
    const runner = result.kind === "stopping" ? result.runner : null;
    const shown = { issue: name, state, runner, branch, sha: publishedSha, pr: prNumber, reason: why };
    context.out.line(jsonOf(stopOutput, { ...shown, result: outcome }));
  } else if (!hadEnded && ended) {
    const work =
      after.branch.published === null ? "" : ` Its work is on the branch ${plain(after.branch.name ?? "?")}.`;
    // A retry needs the job or its snapshot. An issue that was stopped before the scheduler queued it has neither.
    const command = result.kind === "stopped" && after.job.snapshot === null ? "add" : "retry";
    if (after.state === "stopped") say(`${name} is stopped.${work} To start it again: tac8 ${command} ${name}`);
    else say(`${name} finished before it could be stopped: ${after.state ?? "ended"}.`);
  }
  return ended || waitMs === null ? 0 : NOT_YET;
}

function notAsked({ because }: { readonly because: string }): string {
  return `GitHub was not asked (${plain(because)})`;
}

function describeRefusal(name: string, result: StopResult, github: GitHubFacts | null): string | null {
  switch (result.kind) {
    case "unknown":
      if (github?.asked === true && github.issue.kind === "found") {
        return `${name} is not in the queue and does not have the label: nothing to stop`;
      }
      return `${name} is unknown to tac8: check the number${github?.asked === false ? `; ${notAsked(github)}` : ""}`;
    case "changed":
      return `${name} is changing: see tac8 list, and try again`;
    case "ended":
    case "kept":
    case "stopped":
    case "stopping":
      return null;
    default:
      return unreachable(result);
  }
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
    throw new WrongUsage(`--timeout takes seconds, 1 to ${MAX_SECONDS}, not "${plain(text).slice(0, 40)}"`);
  }
  return seconds;
}
