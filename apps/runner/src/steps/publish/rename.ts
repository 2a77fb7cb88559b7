import { branchOf, isOfPattern } from "@tac8/core/domain/branchPattern";
import type { RecordPart } from "@tac8/core/state/issueState";
import type { PushScope } from "../../airlock/pushScope.ts";
import type { PublishNeeds } from "./needs.ts";

/**
 * Rename the branch of finished work if `github.branch` was changed before anything of the work was on GitHub, because the former name
 * may be the reason for a refusal.
 */
export async function renameUnpublishedBranch(
  run: Pick<PublishNeeds, "record" | "log">,
  scope: PushScope,
): Promise<void> {
  const next = newName(run.record.state, scope);
  if (next === null) return;
  run.log.info(
    { branch: next },
    `github.branch has changed: the work on ${run.record.state.branch.name} is pushed to ${next}`,
  );
  await run.record.write({ "branch.name": next });
}

/**
 * Return the new name, or null if the branch keeps its name. Only a name with the issue's number can come from an older pattern. The
 * push refuses any other one. Pure.
 */
export function newName(
  { branch: { name: branch, published: publishedSha } }: RecordPart<"branch.name" | "branch.published">,
  { issue, pattern }: Pick<PushScope, "issue" | "pattern">,
): string | null {
  if (branch === null || publishedSha !== null || isOfPattern(pattern, { issue, branch })) return null;
  const numbers: readonly string[] = branch.match(/\d+/g) ?? [];
  return numbers.includes(String(issue)) ? branchOf(pattern, { issue, round: 1 }) : null;
}
