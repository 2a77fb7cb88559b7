import type { OpenQuestion } from "../../issue/openQuestion.ts";
import type { RunContext } from "../../run/context.ts";
import { chooseBranch } from "../../issue/branch.ts";

/**
 * Redis has forgotten an issue that waits for an answer: what its comments and its branch tell is remembered again, and the
 * waiting goes on. The agent's session is lost with Redis; an answer starts a new one on the branch.
 */
export async function restoreQuestion(run: RunContext, asked: OpenQuestion): Promise<void> {
  const { github } = run.services;
  const options = { signal: run.switch.stop };
  const { branch, pull } = await chooseBranch({ issue: run.ref.number, pattern: run.repository.branch }, (name) =>
    github.pullsOfBranch(run.ref, name, options),
  );
  run.log.warn({ askedBy: asked.run }, "Redis had forgotten an open question: it waits for its answer again");
  await run.write({
    labelEvent: asked.labelEvent,
    admitted: asked.labelEvent,
    branch,
    publishedSha: asked.publishedSha,
    prNumber: pull?.number ?? null,
    prUrl: pull?.url ?? null,
    prBefore: pull?.headSha ?? null,
    question: asked.text,
    outcome: "blocked",
    outcomeRun: asked.run,
  });
}
