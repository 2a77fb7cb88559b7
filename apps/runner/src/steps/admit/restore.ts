import type { OpenQuestion } from "../../issue/openQuestion.ts";
import type { AdmitField } from "../../run/owners.ts";
import type { StepBasics } from "../../run/step.ts";
import { chooseBranch } from "../../issue/branch.ts";

/**
 * Restore an issue that waits for a reply and is missing in Redis, from its comments and its branch. The agent's session is lost
 * with Redis, so a reply starts a new session on the branch.
 */
export async function restoreQuestion(run: StepBasics<AdmitField>, asked: OpenQuestion): Promise<void> {
  const { github } = run.issue;
  const options = { signal: run.signal };
  const { branch, pull } = await chooseBranch(
    { issue: run.issue.ref.number, pattern: run.issue.repository.branch },
    (name) => github.pullsOfBranch(run.issue.ref, name, options),
  );
  run.log.warn(
    { askedBy: asked.run },
    "restored an open question that was missing in Redis: the issue waits for a reply",
  );
  await run.record.write({
    "label.event": asked.labelEvent,
    "round.admitted": asked.labelEvent,
    "branch.name": branch,
    "branch.published": asked.publishedSha,
    "pull.number": pull?.number ?? null,
    "pull.url": pull?.url ?? null,
    "pull.headBefore": pull?.headSha ?? null,
    "question.text": asked.text,
    "end.outcome": "blocked",
    "end.run": asked.run,
  });
}
