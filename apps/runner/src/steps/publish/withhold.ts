import { isRefusedRequest } from "@tac8/core/github/errors";
import { allowLabel } from "@tac8/core/domain/labels";
import type { Withheld } from "@tac8/core/state/issueState";
import type { PublishNeeds } from "./needs.ts";

/**
 * End a run whose finished work is published only if a maintainer allows it. The issue waits as for a reply to a question, and the
 * commits stay in the workspace.
 */
export async function withhold(run: PublishNeeds, withheld: Withheld): Promise<void> {
  const { github, policy } = run.issue;
  const { redact } = run;
  const reason = redact(withheld.reason);
  if (withheld.canAllow) {
    try {
      // The label must exist, so that users can choose it on GitHub.
      await github.ensureLabel(run.issue.ref, allowLabel(policy), { signal: run.signal });
    } catch (error) {
      if (!isRefusedRequest(error)) throw error;
      run.log.warn(
        { err: error },
        `could not create the label ${policy.label_allow}: create it on GitHub, so that users can allow the work`,
      );
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
