import { diffKey } from "@tac8/core/state/keys";
import { type IssueRef, jobIdOf, sameRepo } from "@tac8/core/domain/reference";
import { questionLifetimeMs } from "@tac8/core/domain/questionExpiry";
import type { AgentRun } from "@tac8/core/state/issueState";
import type { RunPresence } from "@tac8/core/state/presence";
import { explain, type Explanation } from "@tac8/core/why/explain";
import type { WhyFacts } from "@tac8/core/why/facts";
import { readWhy } from "@tac8/core/why/readWhy";
import type { Board } from "../services/board.ts";
import { NotFound } from "../http/notFound.ts";

/** The data of an issue's page. */
export interface IssueSnapshot {
  readonly ref: IssueRef;
  readonly facts: WhyFacts;
  readonly why: Explanation;
  /** The run as its runner reports it; null: no runner processes the issue. */
  readonly live: RunPresence | null;
  /** Newest last. */
  readonly runs: readonly AgentRun[];
  readonly hasDiff: boolean;
}

/** Read the data of an issue's page. @throws NotFound if tac8 has no record of the issue */
export async function readIssue(board: Board, ref: IssueRef): Promise<IssueSnapshot> {
  const { redis, queue, config } = board;
  const jobId = jobIdOf(ref);
  const repository = config.repositories.find((known) => sameRepo(known, ref)) ?? config.repositories[0];
  const settings = {
    label: repository?.issueLabel ?? "",
    pollSeconds: config.coordinator.poll_interval_seconds,
    blockedExpiresMs: questionLifetimeMs(config.coordinator.blocked_expires_days),
  };
  const github = { asked: false as const, because: "the board has no GitHub token" };
  const [facts, diffs] = await Promise.all([
    readWhy({ redis, queue, ref, now: board.now(), settings, github }),
    redis.exists(diffKey(jobId)),
  ]);
  const why = explain(facts);
  if (why.state === "unknown") throw new NotFound("tac8 does not know this issue: add the label to it.");
  const live = facts.runners.flatMap(({ runs = [] }) => runs).find(({ issue }) => issue === jobId) ?? null;
  return { ref, facts, why, live, runs: facts.record.agent.runs ?? [], hasDiff: diffs > 0 };
}
