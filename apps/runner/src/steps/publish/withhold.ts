import { isRefusedRequest } from "@tac8/core/github/errors";
import { allowLabel } from "@tac8/core/domain/labels";
import type { Withheld } from "@tac8/core/state/issueState";
import type { PublishNeeds } from "./needs.ts";

/**
 * Ends a run whose finished work is not published unless a maintainer decides so. It waits as for the answer to a question; its
 * commits stay in the workspace.
 */
export async function withhold(run: PublishNeeds, withheld: Withheld): Promise<void> {
  const { github, policy } = run.issue;
  const { redact } = run;
  const reason = redact(withheld.reason);
  if (withheld.canAllow) {
    try {
      // So that it can be chosen on GitHub.
      await github.ensureLabel(run.issue.ref, allowLabel(policy), { signal: run.signal });
    } catch (error) {
      if (!isRefusedRequest(error)) throw error;
      run.log.warn({ err: error }, `could not create the label ${policy.label_allow}`);
    }
  }
  run.log.warn(`the finished work is withheld: ${reason}`);
  const recorded = {
    "question.text": reason,
    "question.commentId": null,
    "question.askedAt": null,
    "question.reply": null,
    "work.allowed": null,
  };
  const end = { "end.outcome": "blocked", "end.run": run.id, "end.failure": null, "end.reason": null } as const;
  await run.record.write({ ...recorded, ...end, "work.withheld": { ...withheld, reason }, "counts.parked": 0 });
}
