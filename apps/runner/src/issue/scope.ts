import { StepFailure } from "@tac8/core/domain/failures";
import type { PushScope } from "../airlock/pushScope.ts";
import type { IssueAccess } from "../run/step.ts";

/**
 * Return the scope in which the run may push, with the configured base branch or GitHub's default branch. `from`: the
 * repository as it is now, or as it was within the last minute. @throws StepFailure of kind `refused` for the whole
 * repository if pushes are impossible.
 */
export async function scopeOf(run: IssueAccess, from: "now" | "recent" = "now"): Promise<PushScope> {
  const { signal } = run;
  const { github } = run.issue;
  const found = await (from === "now"
    ? github.repository(run.issue.ref, { signal })
    : github.recentRepository(run.issue.ref, { signal }));
  const name = `${run.issue.ref.owner}/${run.issue.ref.repo}`;
  const refuse = (message: string) => new StepFailure({ kind: "refused", message, wholeRepository: true });
  if (found.kind === "missing") throw refuse(`${name} does not exist, or the token cannot access it`);
  if (found.kind === "moved") throw refuse(`${name} is now ${found.to}: change it in the configuration`);
  if (found.archived) throw refuse(`${name} is archived, so pushes are impossible`);
  if (!found.canPush) throw refuse(`the token cannot write to ${name}: it needs Contents, Issues and Pull requests`);
  const { defaultBranch } = found;
  const { baseBranch, branch: pattern } = run.issue.repository;
  return { issue: run.issue.ref.number, pattern, base: baseBranch || defaultBranch, defaultBranch };
}
