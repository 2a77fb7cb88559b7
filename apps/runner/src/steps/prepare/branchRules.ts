import { whyRefused } from "@tac8/core/domain/branchRules";
import { StepFailure } from "@tac8/core/domain/failures";
import { GitHubError } from "@tac8/core/github/errors";
import type { Logger } from "@tac8/core/log/logger";
import type { IssueAccess } from "../../run/step.ts";

const MAX_RULESETS = 10;

export interface RulesNeeds extends IssueAccess {
  /** Email address of the commits' author. */
  readonly authorEmail: string;
  readonly log: Logger;
}

/**
 * Check, before the agent costs money, that no rule of the repository refuses every push. Rules that cannot be read, or may not apply
 * to this token, are left to the push.
 * @throws StepFailure of kind `refused` for the whole repository
 */
export async function assertRulesAllow(
  run: RulesNeeds,
  at: { readonly branch: string; readonly exists: boolean },
): Promise<void> {
  const { github } = run.issue;
  const options = { signal: run.signal };
  const facts = { ...at, email: run.authorEmail };
  try {
    if (!(await github.mayHaveRules(run.issue.ref, options))) return;
    const rules = (await github.branchRules(run.issue.ref, at.branch, options)) ?? [];
    const refusing = rules.flatMap((rule) => {
      const why = whyRefused(rule, facts);
      return why === null || rule.rulesetId === null ? [] : [{ why, id: rule.rulesetId }];
    });
    for (const { why, id } of refusing.slice(0, MAX_RULESETS)) {
      const { bypass } = await github.ruleset(run.issue.ref, id, options);
      if (bypass !== false) continue;
      const message = `${run.issue.ref.owner}/${run.issue.ref.repo} would refuse the branch: ${why}. Set github.branch or git.author_email to values that the rules allow, or exempt this token: see tac8 doctor`;
      throw new StepFailure({ kind: "refused", message, wholeRepository: true });
    }
  } catch (error) {
    // This check is only an early warning: if the rules cannot be read, it costs at most one run.
    if (!(error instanceof GitHubError)) throw error;
    run.log.debug({ err: error }, "could not read the rules for the branch: the push will show whether they allow it");
  }
}
