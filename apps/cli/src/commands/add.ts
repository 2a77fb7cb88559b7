import { noCredentials } from "@tac8/core/config/credentials";
import { openTokens } from "@tac8/core/github/openTokens";
import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import { priorityLabel, PRIORITIES, priorityOf, type Priority } from "@tac8/core/domain/priority";
import { triggerLabel } from "@tac8/core/domain/labels";
import { formatReference, parseJobId, sameRepo, type IssueRef } from "@tac8/core/domain/reference";
import { planHolds } from "@tac8/core/domain/holds";
import { isEnded } from "@tac8/core/domain/states";
import { createGitHub, type GitHub } from "@tac8/core/github/client";
import { GitHubError } from "@tac8/core/github/errors";
import type { Issue } from "@tac8/core/github/types";
import { createLogger } from "@tac8/core/log/logger";
import { presentRunners } from "@tac8/core/status/snapshot";
import { readHolds } from "@tac8/core/state/holds";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { keepsPolling, readRunners, readScheduler } from "@tac8/core/state/presence";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { addOutput } from "../json/add.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locate, type Installation } from "../installation/locate.ts";
import { referenceOf } from "../references/reference.ts";
import { sentence } from "../terminal/sentence.ts";
import { plain } from "../terminal/text.ts";

/** Maximum time for all requests to GitHub together. */
const TIMEOUT_MS = 60_000;
const ANSWER_IT = "It waits for a reply to its question: reply on the issue, and the work continues.";
const PRIORITY_COLORS: Record<Priority, string> = { P0: "b60205", P1: "d93f0b", P2: "fbca04" };

/** Add the label to an issue on GitHub. */
export async function add(context: Context, { args, options }: Input): Promise<number> {
  const installation = locate(context, options["config"] as string | undefined);
  const jobId = referenceOf(args[0] ?? "", installation);
  const { config, repositories } = installation;
  const parsed = parseJobId(jobId);
  const repository = repositories.find((entry) => parsed !== null && sameRepo(entry, parsed));
  if (config === null || parsed === null || repository === undefined)
    throw new Error(`the repository of ${jobId} is not configured`);
  const ref = { owner: repository.owner, repo: repository.repo, number: parsed.number };
  const work = { github: connect(config, context), ref, repository, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const wanted = (options["priority"] as Priority | undefined) ?? null;
  const before = await readBefore(installation, jobId);
  const clearStop = async () => (before.stopUnreported ? forgetStop(installation, jobId) : undefined);
  const { added, priority } = await withReadableErrors(work, () =>
    label(work, { wanted, ended: before.ended, clearStop }),
  );
  const next = before.asking ? ANSWER_IT : await whatIsNext(context, installation, added);
  const name = formatReference(ref);
  if (options["json"] === true) {
    context.out.line(jsonOf(addOutput, { issue: name, label: repository.issueLabel, priority, added, next }));
    return 0;
  }
  const done = added ? "is labelled" : "already has the label";
  sentence(context.out, `${name} ${done}: ${plain(repository.issueLabel)}, priority ${priority}. ${next}`);
  return 0;
}

interface Work {
  readonly github: GitHub;
  readonly ref: IssueRef;
  readonly repository: RepositoryConfig;
  readonly signal: AbortSignal;
}

function connect(config: Config, { now }: Context): GitHub {
  const { secrets, github } = config;
  if (secrets.github === null) throw new Problem(noCredentials(github));
  const log = createLogger({ name: "cli", level: "silent", secrets: secrets.values });
  return createGitHub({
    apiUrl: github.api_url,
    tokens: openTokens(config, { log, now }),
    secrets: secrets.values,
    log,
    writeIntervalMs: github.write_interval_ms,
    now,
  });
}

async function label(
  work: Work,
  { wanted, ended, clearStop }: { wanted: Priority | null; ended: boolean; clearStop: () => Promise<unknown> },
): Promise<{ added: boolean; priority: Priority }> {
  const { github, ref, repository, signal } = work;
  const issue = await findOpen(work);
  const options = { signal };
  // The priority is first, because the scheduler must not find the label without it.
  if (wanted !== null) await prioritize(work, issue, wanted);
  const trigger = repository.issueLabel;
  const on = issue.labels.some((name) => name.toLowerCase() === trigger.toLowerCase());
  // A label that an ended run could not remove starts no run, so it is removed and added again.
  if (on && ended) await github.removeLabel(ref, ref.number, trigger, options);
  const added = !on || ended;
  if (added) {
    await clearStop();
    await github.ensureLabel(ref, triggerLabel(repository), options);
    await github.addLabel(ref, ref.number, trigger, options);
  }
  return { added, priority: wanted ?? priorityOf(issue.labels) };
}

async function findOpen({ github, ref, signal }: Work): Promise<Issue> {
  const name = formatReference(ref);
  const found = await github.issue(ref, ref.number, { signal });
  if (found.kind === "moved") throw new Problem(`${name} was transferred to ${plain(found.to)}`);
  if (found.kind === "missing")
    throw new Problem(`${name} was not found on GitHub: check the number, and that the token can read this repository`);
  const { issue } = found;
  if (issue.isPull) throw new Problem(`${name} is a pull request: give the number of its issue`);
  if (issue.state === "closed") throw new Problem(`${name} is closed: reopen it first`);
  return issue;
}

async function prioritize({ github, ref, signal }: Work, issue: Issue, wanted: Priority): Promise<void> {
  const options = { signal };
  const name = priorityLabel(wanted);
  const has = (label: string) => issue.labels.some((other) => other.toLowerCase() === label.toLowerCase());
  if (!has(name)) {
    const description = `Priority ${wanted} for agents`;
    await github.ensureLabel(ref, { name, color: PRIORITY_COLORS[wanted], description }, options);
    await github.addLabel(ref, ref.number, name, options);
  }
  for (const other of PRIORITIES.filter((priority) => priority !== wanted && has(priorityLabel(priority)))) {
    await github.removeLabel(ref, ref.number, priorityLabel(other), options);
  }
}

/** Turn errors of GitHub into one-line problems. */
async function withReadableErrors<T>({ ref, signal }: Work, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const name = formatReference(ref);
    if (signal.aborted)
      throw new Problem(`GitHub did not respond for ${name} within ${TIMEOUT_MS / 1000} s`, { cause: error });
    if (!(error instanceof GitHubError)) throw error;
    switch (error.kind) {
      case "forbidden":
      case "not-found":
        throw new Problem(
          `the token cannot change the labels of ${name}: it needs the permission Issues: read and write`,
          {
            cause: error,
          },
        );
      case "unauthorized":
        throw new Problem(plain(`GitHub refuses the token: ${error.message}`), { cause: error });
      case "rate-limit":
      case "unavailable":
      case "removed":
      case "invalid":
        throw new Problem(plain(error.message), { cause: error });
      default:
        throw error.kind satisfies never;
    }
  }
}

interface Before {
  readonly ended: boolean;
  /** Its question has no reply yet. */
  readonly asking: boolean;
  /** Its stop is not reported on GitHub yet. The report would remove the new label together with the old one. */
  readonly stopUnreported: boolean;
}

/** Read the state of an issue from Redis. If Redis is unreachable, only GitHub decides. */
async function readBefore({ redisUrl, advice }: Installation, jobId: string): Promise<Before> {
  try {
    return await withRedis(
      redisUrl,
      async (redis) => {
        const {
          state,
          command: { stop },
          question: { reply: answer },
        } = await createIssueStore(redis).read(jobId);
        const asking = state === "blocked" && answer === null;
        return { ended: isEnded(state), asking, stopUnreported: state === "stopped" && stop !== null };
      },
      advice,
    );
  } catch (error) {
    if (error instanceof Problem) return { ended: false, asking: false, stopUnreported: false };
    throw error;
  }
}

async function forgetStop({ redisUrl, advice }: Installation, jobId: string): Promise<void> {
  const expect = { state: "stopped", "run.id": "" };
  const forget = { "command.stop": null, "command.stopMode": null };
  await withRedis(redisUrl, (redis) => createIssueStore(redis).writeIf(jobId, expect, forget), advice);
}

/** Return what happens next. The label is already set, so an unreachable Redis is reported and not an error. */
async function whatIsNext(
  { now }: Context,
  { redisUrl, advice, pollSeconds }: Installation,
  added: boolean,
): Promise<string> {
  try {
    return await withRedis(
      redisUrl,
      async (redis) => {
        const [scheduler, runners, holds] = await Promise.all([
          readScheduler(redis),
          readRunners(redis),
          readHolds(redis),
        ]);
        const { live, pauseQueue } = planHolds(holds, now());
        if (scheduler === null || !keepsPolling(scheduler, { now: now(), pollSeconds }))
          return "The scheduler is not running: start it with tac8 up. It then queues the issue.";
        const found = added ? `The scheduler queues it within ${pollSeconds} s` : "The scheduler has queued it";
        if (pauseQueue)
          return `${found}, where it waits: held by ${live.map(({ name }) => plain(name)).join(", ")} (tac8 status).`;
        if (presentRunners(runners, now()).length === 0) return `${found}, but no runner is running to work on it.`;
        return `${found}; follow it with tac8 list.`;
      },
      advice,
    );
  } catch (error) {
    if (error instanceof Problem) return `Its state is unknown: ${error.message}.`;
    throw error;
  }
}
