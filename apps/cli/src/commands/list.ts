import { formatNumber } from "@tac8/core/domain/formats";
import { ISSUE_STATES } from "@tac8/core/domain/states";
import { JOB_STATES, type JobState } from "@tac8/core/status/shownState";
import { MAX_PER_STATE, readIssues, type IssueList } from "../status/issues.ts";
import { renderIssues } from "../status/renderIssues.ts";
import type { Context } from "../context/context.ts";
import { listOutput } from "../json/list.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locate } from "../installation/locate.ts";
import { painter } from "../terminal/text.ts";

/**
 * List the issues that tac8 knows. The exit code is 0 even if there are none.
 */
export async function list(context: Context, { options }: Input): Promise<number> {
  const { out, now } = context;
  const installation = locate(context, options["config"] as string | undefined);
  const states = options["state"] as string[] | undefined;
  const { issues, more } = await withRedis(
    installation.redisUrl,
    (redis) => readIssues(redis, now()),
    installation.advice,
  );
  const rows = states === undefined ? issues : issues.filter(({ state }) => states.includes(state));
  if (options["json"] === true) {
    out.line(jsonOf(listOutput, { issues: rows, more }));
    return 0;
  }
  const left = moreLine(more, states ?? ISSUE_STATES);
  if (rows.length === 0) {
    out.line(nothing({ chosen: states !== undefined, left }));
    return 0;
  }
  const width = out.columns ?? 120;
  const oneRepository = installation.repositories.length === 1;
  out.line(renderIssues({ rows, oneRepository, now: now(), width, paint: painter(out.color) }).join("\n"));
  if (left !== null) out.line(`\n${left}`);
  return 0;
}

function nothing({ chosen, left }: { readonly chosen: boolean; readonly left: string | null }): string {
  if (!chosen) return "No issues yet: add the label to an issue, and it appears here.";
  return left === null ? "No issue in that state." : `No issue in that state among the issues that were read. ${left}`;
}

/** For each job state of BullMQ: its name in the output, and the issue states that its jobs can have. */
const KINDS: Readonly<Record<JobState, { readonly name: string; readonly states: readonly string[] }>> = {
  active: { name: "running", states: ["running"] },
  waiting: { name: "waiting", states: ["queued", "retrying", "parked"] },
  prioritized: { name: "waiting", states: ["queued", "retrying", "parked"] },
  delayed: { name: "delayed", states: ["parked", "blocked", "retrying"] },
  failed: { name: "failed", states: ["failed"] },
  completed: { name: "done", states: ["pr", "answered", "stopped", "cancelled", "withdrawn", "expired"] },
};

/** Return a line about the issues in these states that were not read; null: all were read. */
function moreLine(more: IssueList["more"], states: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const state of JOB_STATES) {
    const { name, states: own } = KINDS[state];
    if (own.some((one) => states.includes(one))) counts.set(name, (counts.get(name) ?? 0) + (more[state] ?? 0));
  }
  const parts = [...counts].flatMap(([name, count]) => (count > 0 ? [`${formatNumber(count)} ${name}`] : []));
  if (parts.length === 0) return null;
  return `Not shown: ${parts.join(", ")}. Each state shows at most ${MAX_PER_STATE} issues: the next in the queue, or the last finished.`;
}
