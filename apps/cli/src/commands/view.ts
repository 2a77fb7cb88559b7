import type { LiveEvent } from "@tac8/core/conversation/event";
import { liveUsageOf, NO_LIVE_USAGE, addEventUsage, totalUsage, type LiveUsage } from "@tac8/core/conversation/figures";
import { tokensIn } from "@tac8/core/domain/usage";
import { Outline } from "@tac8/core/conversation/outline";
import { refOfJob, type IssueRef } from "@tac8/core/domain/reference";
import { isEnded } from "@tac8/core/domain/states";
import type { AgentRun } from "@tac8/core/state/issueState";
import type { Redis } from "ioredis";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../context/context.ts";
import { WrongUsage } from "../problems/problem.ts";
import { follow } from "../conversation/follow.ts";
import { renderFooter, renderHeader } from "../conversation/frame.ts";
import { readConversation } from "../conversation/readConversation.ts";
import { pickRun, readIssue, type IssueView } from "../conversation/run.ts";
import { Transcript } from "../conversation/transcript.ts";
import { viewEndLine, viewEventLine, viewOutput, viewRunLine } from "../json/view.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locate, type Installation } from "../installation/locate.ts";
import { painter, type Paint } from "../terminal/text.ts";
import { clock } from "../terminal/time.ts";
import { referenceOf } from "../references/reference.ts";

/** Width if the output is not a terminal. */
const WIDTH = 100;
const CHECK_MS = 500;

/** Show the conversation of a run of an issue. */
export async function view(context: Context, { args, options }: Input): Promise<number> {
  const installation = locate(context, options["config"] as string | undefined);
  const jobId = referenceOf(args[0] ?? "", installation);
  const wanted: Wanted = {
    jobId,
    ref: refOf(jobId, installation),
    n: numberOf(options["run"] as string | undefined),
    detailed: options["detailed"] === true,
    json: options["json"] === true,
  };
  const show = options["follow"] === true ? showLive : showOnce;
  return withRedis(
    installation.redisUrl,
    (redis) => show(context, { redis, installation, ...wanted }),
    installation.advice,
  );
}

interface Wanted {
  readonly jobId: string;
  readonly ref: IssueRef;
  readonly n: number | null;
  readonly detailed: boolean;
  readonly json: boolean;
}

type Given = Wanted & { readonly redis: Redis; readonly installation: Installation };

async function showOnce(context: Context, given: Given): Promise<number> {
  const { out } = context;
  const { redis, jobId, ref, n, json } = given;
  const now = context.now();
  const issue = await readIssue(redis, jobId, ref);
  const run = pickRun(issue, n);
  const { events, source, note } = await readConversation({ ...given, run, now });
  const all = new Outline();
  for (const event of events) all.add(event);
  const end = endOf(issue, run, { usage: liveUsageOf(events), lastAt: events.at(-1)?.at ?? null, now });
  if (json) {
    const { entries, todo } = all;
    out.line(jsonOf(viewOutput, { ...factsOf(issue, run), source, note, entries, todo, end: toJson(end) }));
    return 0;
  }
  const display = displayOf(context);
  const lines = new Transcript({ ...display, clock, detailed: given.detailed }).whole(all.entries, { over: !end.live });
  const words = lines.length > 0 ? lines : [end.live ? "No output from the agent yet." : "The agent wrote no output."];
  const notes = note === null ? [] : [display.paint("yellow", `(${note})`), ""];
  out.line(
    [...renderHeader(issue, run, { ...display, now }), ...notes, ...words, ...renderFooter(end, display)].join("\n"),
  );
  return 0;
}

async function showLive(context: Context, given: Given): Promise<number> {
  const { out, now } = context;
  const leave = new AbortController();
  const stopListening = context.onSignal(() => leave.abort());
  try {
    const issue = await withLiveRun(context, { ...given, signal: leave.signal });
    if (leave.signal.aborted && issue.runs.length === 0) return 0;
    const run = pickRun(issue, given.n);
    const display = displayOf(context);
    if (given.json) out.line(jsonOf(viewRunLine, { type: "run", ...factsOf(issue, run) }, 0));
    else out.line(renderHeader(issue, run, { ...display, now: now() }).join("\n"));
    const transcript = new Transcript({ ...display, clock, detailed: given.detailed });
    const outline = new Outline();
    let usage = NO_LIVE_USAGE;
    let lastAt: number | null = null;
    for await (const batch of follow({ ...given, run, now: now(), signal: leave.signal })) {
      for (const event of batch) {
        usage = addEventUsage(usage, event);
        lastAt = event.at;
        if (given.json) out.line(jsonOf(viewEventLine, { type: "event", event }, 0));
        else showNext(event, { outline, transcript, out });
      }
    }
    const left = await readIssue(given.redis, given.jobId, given.ref);
    const end = endOf(left, run, { usage, lastAt, now: now() });
    if (given.json) out.line(jsonOf(viewEndLine, { type: "end", ...toJson(end) }, 0));
    else out.line(renderFooter(end, display).join("\n"));
    return 0;
  } finally {
    stopListening();
  }
}

function showNext(
  event: LiveEvent,
  { outline, transcript, out }: { outline: Outline; transcript: Transcript; out: Context["out"] },
): void {
  const placed = outline.add(event);
  if (placed !== null) for (const line of transcript.next(placed)) out.line(line);
}

/** Wait for the first run of an issue, and for the agent of a run that has begun, because a run is listed when its agent starts. */
async function withLiveRun(
  { out }: Context,
  { redis, jobId, ref, n, json, signal }: Given & { readonly signal: AbortSignal },
): Promise<IssueView> {
  for (let waited = false; ;) {
    const issue = await readIssue(redis, jobId, ref);
    const isListed = issue.runs.some(({ run }) => run === issue.liveRun);
    const isFirst = issue.runs.length === 0 && !isEnded(issue.state);
    if (n !== null || isListed || (issue.liveRun === null && !isFirst) || signal.aborted) return issue;
    if (isFirst && !waited && !json) out.line(`No agent has worked on ${issue.issue} yet: waiting for the first run`);
    waited = true;
    await sleep(CHECK_MS, null, { signal }).catch(() => null);
  }
}

interface End {
  readonly live: boolean;
  readonly state: IssueView["state"];
  readonly usage: LiveUsage;
  readonly ms: number;
}

function endOf(
  { liveRun, state }: IssueView,
  run: AgentRun,
  given: { readonly usage: LiveUsage; readonly lastAt: number | null; readonly now: number },
): End {
  const live = liveRun === run.run;
  const began = Date.parse(run.at);
  return { live, state, usage: given.usage, ms: Math.max(0, (live ? given.now : (given.lastAt ?? began)) - began) };
}

function factsOf(
  { issue, title, url, state, models, pr, blockedHosts, liveRun, runs }: IssueView,
  { n, run, runner, at, session }: AgentRun,
) {
  const of = runs.at(-1)?.n ?? n;
  return {
    issue,
    title,
    url,
    state,
    models,
    pr,
    blockedHosts,
    run: { n, of, id: run, runner, at, session, live: liveRun === run },
  };
}

/** Return the JSON of an end. `exact` false: the tokens are a lower bound, and the cost does not include the last turn. */
function toJson({ live, state, usage, ms }: End) {
  const { costUsd, ...tokens } = totalUsage(usage);
  return { live, state, turns: usage.turns, ms, costUsd, tokens, exact: tokensIn(usage.open) === 0 };
}

function displayOf({ out }: Context): { readonly width: number; readonly paint: Paint } {
  return { width: out.columns ?? WIDTH, paint: painter(out.color) };
}

function refOf(jobId: string, { repositories }: Installation): IssueRef {
  return refOfJob(jobId, repositories) ?? { owner: "", repo: "", number: 0 };
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new WrongUsage(`--run needs the number of a run, such as 1, not "${text.slice(0, 40)}"`);
}
