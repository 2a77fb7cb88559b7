import { findMarked, type Marker } from "@tac8/core/domain/marker";
import { statusText } from "@tac8/core/outgoing/texts";
import type { IssueState } from "@tac8/core/domain/states";
import { putStatusComment } from "@tac8/core/github/statusComment";
import type { Comment } from "@tac8/core/github/types";
import type { RunContext } from "../run/context.ts";

/**
 * Makes the issue's one status comment say how it stands. Found by what the hash remembers, else by its marker, so that
 * a lost answer or an emptied Redis never makes a second one. `comments`: the issue's, where this run has read them just before.
 */
export async function showStatus(
  run: RunContext,
  state: IssueState,
  reason: string | null,
  comments: readonly Comment[] | null = null,
): Promise<void> {
  const { github, login, redact } = run.services;
  const { ref, repository } = run;
  const known = run.state;
  const marker = markerOf(run, "status");
  const text = statusText(
    {
      state,
      runner: run.runner,
      since: run.now,
      branch: known.branch,
      prNumber: known.prNumber,
      headSha: known.publishedSha,
      usage: known.usage,
      isWithheld: known.withheld !== null,
      reason: reason === null ? null : redact(reason),
    },
    { trigger: repository.issueLabel },
  );
  const words = { marker, text };
  const options = { signal: run.switch.lost };
  await run.assertLive();
  const remembered = run.statusComment ?? (await rememberedComment(run));
  if (remembered !== null && (await github.updateComment(ref, remembered, words, options)) !== null) {
    run.statusComment = remembered;
    return;
  }
  run.statusComment = null;
  const id = await putStatusComment({ github, ref, login, ...options }, words, comments);
  run.statusComment = id;
  await run.write({ statusComment: id });
}

/** Id of the status comment as the hash has it; null where that is another comment, which must not be overwritten. */
async function rememberedComment({ state, ref, services, switch: { lost } }: RunContext): Promise<number | null> {
  const { github, login } = services;
  if (state.statusComment === null) return null;
  const comment = await github.comment(ref, state.statusComment, { signal: lost });
  if (comment?.issueNumber !== ref.number || findMarked([comment], login, "status").length === 0) return null;
  return comment.id;
}

/** A comment of its own, once: looked for by kind and run before it is made. */
export async function sayOnce(
  run: RunContext,
  kind: "question" | "answer" | "failure",
  text: string,
): Promise<Comment> {
  const { github, login } = run.services;
  const { ref } = run;
  const { allows, files } = (kind === "question" ? run.state.withheld : null) ?? {};
  const more = { ...(allows === undefined ? {} : { allows }), ...(files === undefined ? {} : { files }) };
  const marker = { ...markerOf(run, kind), ...more };
  const options = { signal: run.switch.lost };
  const all = await github.comments(ref, ref.number, options);
  const there = findMarked(all, login, kind).find((found) => found.marker.run === marker.run);
  if (there !== undefined) return there.comment;
  await run.assertLive();
  return github.createComment(ref, ref.number, { marker, text }, options);
}

export function markerOf({ id, state }: RunContext, kind: Marker["kind"]): Marker {
  return {
    v: 1,
    kind,
    run: state.outcomeRun ?? id,
    outcome: state.outcome,
    label_event_id: state.labelEvent,
    published_sha: state.publishedSha,
    question_id: state.questionId,
  };
}
