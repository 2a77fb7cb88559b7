import { refOfJob, type IssueRef } from "@tac8/core/domain/reference";
import { questionLifetimeMs } from "@tac8/core/domain/questionExpiry";
import { explain } from "@tac8/core/why/explain";
import { readWhy } from "@tac8/core/why/readWhy";
import { askAbout } from "../references/askAbout.ts";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { renderWhy } from "../status/renderWhy.ts";
import { whyOutput } from "../json/why.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locate, type Installation } from "../installation/locate.ts";
import { withQueue } from "../redis/queue.ts";
import { referenceOf } from "../references/reference.ts";
import { painter } from "../terminal/text.ts";

/**
 * Explain why an issue is in its state. The exit code is 1 if neither tac8 nor GitHub knows the issue.
 */
export async function why(context: Context, { args, options }: Input): Promise<number> {
  const { out, now } = context;
  const installation = locate(context, options["config"] as string | undefined);
  const ref = whole(referenceOf(args[0] ?? "", installation), installation);
  const settings = settingsOf(installation, ref);
  const facts = await withRedis(
    installation.redisUrl,
    (redis) =>
      withQueue(redis, async (queue) => {
        const github = await askAbout(installation, { ref, now });
        return readWhy({ redis, queue, ref, now: now(), settings, github });
      }),
    installation.advice,
  );
  const found = explain(facts);
  const { github } = facts;
  if (found.state === "unknown" && github.asked && github.issue.kind === "missing") {
    throw new Problem(
      `${found.issue} was not found on GitHub: check the number, and that the token can read this repository`,
    );
  }
  if (options["json"] === true) out.line(jsonOf(whyOutput, found));
  else out.line(renderWhy(found, { now: now(), width: out.columns ?? 100, paint: painter(out.color) }).join("\n"));
  return found.state === "unknown" && !github.asked ? 1 : 0;
}

function whole(jobId: string, { repositories }: Installation): IssueRef {
  const ref = refOfJob(jobId, repositories);
  if (ref === null) throw new Error(`${jobId} is not a job id: this is a bug in tac8`);
  return ref;
}

function settingsOf({ repositories, pollSeconds, blockedExpiresDays }: Installation, { owner, repo }: IssueRef) {
  const repository = repositories.find((entry) => entry.owner === owner && entry.repo === repo);
  return { label: repository?.issueLabel ?? "", pollSeconds, blockedExpiresMs: questionLifetimeMs(blockedExpiresDays) };
}
