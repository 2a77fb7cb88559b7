import { findMarked } from "@tac8/core/domain/marker";
import { refusedLabelText, toldLately } from "../../issue/refusedLabel.ts";
import type { RunContext } from "../../run/context.ts";
import { markerOf, showStatus } from "../../issue/statusComment.ts";

/**
 * Says on the issue why its label starts nothing: one comment, and none again for the same account within a day. What an earlier
 * round left there stays as it is.
 */
export async function sayRefusedLabel(run: RunContext): Promise<void> {
  const { github, login, redact, now } = run.services;
  const { ref, state, repository } = run;
  const options = { signal: run.switch.lost };
  const { login: labeller, told } = state.refusedLabel ?? { login: "", told: null };
  const reason = redact(state.reason ?? "");
  const all = await github.comments(ref, ref.number, options);
  const before = findMarked(all, login, "failure").filter(({ marker }) => marker.labeller === labeller);
  const queued = findMarked(all, login, "status").find(({ comment }) => saysQueued(comment.body));
  const silent = toldLately([told, ...before.map(({ comment }) => comment.createdAt)], now());
  // Somebody else had put the label on first, and it was said that work is queued.
  const takesPlace = queued?.marker.run === "";
  if (queued !== undefined && !takesPlace) await showStatus(run, "failed", reason);
  if (silent && !takesPlace) return;
  const marker = { ...markerOf(run, "failure"), labeller };
  const words = { marker, text: refusedLabelText({ reason, trigger: repository.issueLabel }) };
  await run.assertLive();
  if (takesPlace) await github.updateComment(ref, queued.comment.id, words, options);
  else await github.createComment(ref, ref.number, words, options);
  await run.write({ refusedLabel: { login: labeller, told: run.now } });
}

function saysQueued(body: string): boolean {
  return (body.split("\n")[1] ?? "").startsWith("**Queued**");
}
