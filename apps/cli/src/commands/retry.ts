import { OPERATOR } from "@tac8/core/domain/holds";
import { holdWords } from "@tac8/core/domain/holdWords";
import { formatReference, parseJobId, refOfJob } from "@tac8/core/domain/reference";
import { MAX_FAILED, retryIssue, type RetryResult } from "@tac8/core/queue/retry";
import { createIssueStore, type IssueStore } from "@tac8/core/state/issueStore";
import type { Redis } from "ioredis";
import { askAbout } from "../references/askAbout.ts";
import type { Context } from "../context/context.ts";
import { unreachable, WrongUsage } from "../problems/problem.ts";
import { operatorOf } from "../context/operator.ts";
import { retryOutput, type RetriedIssue } from "../json/retry.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locate, type Installation } from "../installation/locate.ts";
import { withQueue, type IssueQueue } from "../redis/queue.ts";
import { referenceOf } from "../references/reference.ts";
import { sentence } from "../terminal/sentence.ts";
import { plain } from "../terminal/text.ts";

/** Queue an ended issue again, or all failed issues. The exit code is 1 if one of them cannot be queued. */
export async function retry(context: Context, { args, options }: Input): Promise<number> {
  const installation = locate(context, options["config"] as string | undefined);
  const [text] = args;
  const all = options["failed"] === true;
  if ((text === undefined) === !all) {
    throw new WrongUsage(
      "no issue given: run tac8 retry 471, for example, or tac8 retry --failed for all failed issues",
    );
  }
  const jobId = text === undefined ? null : referenceOf(text, installation);
  const json = options["json"] === true;
  return withRedis(
    installation.redisUrl,
    (redis) => retryIn(context, { redis, installation, jobId, json }),
    installation.advice,
  );
}

type RetryOutcome = RetryResult | { readonly kind: "closed" } | { readonly kind: "missing" };

async function retryIn(
  context: Context,
  {
    redis,
    installation,
    jobId,
    json,
  }: { redis: Redis; installation: Installation; jobId: string | null; json: boolean },
): Promise<number> {
  const store = createIssueStore(redis);
  const refusal = refusals(context, installation);
  return withQueue(redis, async (queue) => {
    const ids = jobId === null ? await failedIds(queue, store) : [jobId];
    const retried: RetriedIssue[] = [];
    let code = 0;
    for (const id of ids) {
      const given = { queue, redis, store, jobId: id, by: operatorOf(context), now: context.now() };
      const outcome: RetryOutcome = (await refusal(id)) ?? (await retryIssue(given));
      const ref = parseJobId(id);
      const name = ref === null ? id : formatReference(ref);
      const line = describeRetry(name, outcome);
      const good = GOOD.includes(outcome.kind);
      const { kind: result, ...facts } = outcome;
      retried.push({ issue: name, result, ...facts });
      if (!good) code = 1;
      if (json) continue;
      if (good) sentence(context.out, line);
      else sentence(context.err, `tac8: ${line}`);
    }
    if (json) context.out.line(jsonOf(retryOutput, { issues: retried }));
    else if (ids.length === 0) context.out.line("No issue has failed: nothing to retry.");
    return code;
  });
}

/**
 * Return a function that asks GitHub whether an issue can be retried. Null: it can, or GitHub did not answer. After a request
 * without an answer, no other request is made, because a retry works without GitHub.
 */
function refusals({ now }: Context, installation: Installation): (jobId: string) => Promise<RetryOutcome | null> {
  let isReachable = true;
  return async (jobId) => {
    const ref = refOfJob(jobId, installation.repositories);
    if (ref === null || !isReachable) return null;
    const facts = await askAbout(installation, { ref, now });
    isReachable = facts.asked;
    if (!facts.asked) return null;
    if (facts.issue.kind !== "found") return { kind: "missing" };
    return facts.issue.issue.state === "closed" ? { kind: "closed" } : null;
  };
}

/**
 * Return the failed issues that a retry may start. Those that need a new label, by a trusted account or after an edit, are
 * omitted; they can be retried by their number.
 */
async function failedIds(queue: IssueQueue, store: Pick<IssueStore, "readMany">): Promise<string[]> {
  const jobs = await queue.getJobs(["failed"], 0, MAX_FAILED - 1);
  const ids = jobs.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const issues = ids.length === 0 ? [] : await store.readMany(ids);
  return ids.filter((_, index) => !["untrusted", "edited"].includes(issues[index]?.end.failure ?? ""));
}

const GOOD: readonly RetryOutcome["kind"][] = ["queued", "now", "waiting", "running"];

/** Return when a waiting issue starts, which a hold may delay. */
function behind(held: string | null, free: string): string {
  if (held === null) return free;
  if (held === OPERATOR) return "starts when you run tac8 resume";
  const name = plain(held);
  return holdWords(held).byHand
    ? `starts when the hold ${name} ends; tac8 resume ${name} ends it now`
    : `starts when the hold ${name} ends`;
}

/** Return one line about the result. */
function describeRetry(name: string, outcome: RetryOutcome): string {
  switch (outcome.kind) {
    case "queued":
      return `${name} is queued again${outcome.from === null ? "" : ` (it was: ${outcome.from})`}.`;
    case "now":
      return `${name} stopped waiting, and ${behind(outcome.held, "is next")}.`;
    case "waiting":
      return `${name} is already queued, and ${behind(outcome.held, "waits for a free runner")}.`;
    case "stopping":
      return `${name} is being stopped: try again when it is stopped (see tac8 status)`;
    case "running":
      return `${name} is running: nothing to retry.`;
    case "blocked":
      return `${name} is blocked by a question: reply on the issue, and the work continues`;
    case "closed":
      return `${name} is closed on GitHub: reopen it, then try again`;
    case "missing":
      return `${name} was not found on GitHub: check the number, and that the token can read this repository`;
    case "unknown":
      return `${name} is not in the queue: check the number, or add the label with tac8 add`;
    case "changed":
      return `${name} is changing: see tac8 list, and try again`;
    default:
      return unreachable(outcome);
  }
}
