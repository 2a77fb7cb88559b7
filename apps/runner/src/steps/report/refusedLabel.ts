import { findMarked } from "@tac8/core/domain/marker";
import { refusedLabelText, reportedLately } from "../../issue/refusedLabel.ts";
import type { StepRecord } from "../../run/record.ts";
import { markerOf, type CommentNeeds, type StatusComment } from "../../issue/statusComment.ts";

export interface RefusedLabelNeeds extends CommentNeeds {
  readonly record: StepRecord<"label.refused">;
  readonly comment: Pick<StatusComment, "show">;
  readonly redact: (text: string) => string;
  readonly now: () => number;
}

/**
 * Report on the issue why its label starts no work: in at most one comment a day for each account. Comments of earlier rounds are not
 * changed.
 */
export async function reportRefusedLabel(run: RefusedLabelNeeds): Promise<void> {
  const { github, login, ref, repository } = run.issue;
  const { redact, now } = run;
  const { state } = run.record;
  const options = { signal: run.signal };
  const { login: labeller, told: reportedAt } = state.label.refused ?? { login: "", told: null };
  const reason = redact(state.end.reason ?? "");
  const comments = await github.comments(ref, ref.number, options);
  const earlierReports = findMarked(comments, login, "failure").filter(({ marker }) => marker.labeller === labeller);
  const queuedComment = findMarked(comments, login, "status").find(({ comment }) => saysQueued(comment.body));
  const wasReportedLately = reportedLately(
    [reportedAt, ...earlierReports.map(({ comment }) => comment.createdAt)],
    now(),
  );
  // Another user added the label first, and a comment says that the work is in the queue.
  const replacesQueuedComment = queuedComment?.marker.run === "";
  if (queuedComment !== undefined && !replacesQueuedComment) await run.comment.show("failed", reason);
  if (wasReportedLately && !replacesQueuedComment) return;
  const marker = { ...markerOf(run, "failure"), labeller };
  const words = { marker, text: refusedLabelText({ reason, trigger: repository.issueLabel }) };
  await run.record.assertLive();
  if (replacesQueuedComment) await github.updateComment(ref, queuedComment.comment.id, words, options);
  else await github.createComment(ref, ref.number, words, options);
  await run.record.write({ "label.refused": { login: labeller, told: new Date(now()).toISOString() } });
}

function saysQueued(body: string): boolean {
  return (body.split("\n")[1] ?? "").startsWith("**Queued**");
}
