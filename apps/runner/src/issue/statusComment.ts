import { findMarked, type Marker } from "@tac8/core/domain/marker";
import { statusText } from "@tac8/core/outgoing/texts";
import type { IssueState } from "@tac8/core/domain/states";
import { putStatusComment } from "@tac8/core/github/statusComment";
import type { Comment } from "@tac8/core/github/types";
import type { IssueRecord } from "@tac8/core/state/issueState";
import type { StepRecord } from "../run/record.ts";
import type { IssueAccess } from "../run/step.ts";

/** `signal`: `lost`, because a delayed comment must not arrive after the comment of the issue's end. */
export interface StatusCommentNeeds extends IssueAccess {
  /** Id of the run. */
  readonly id: string;
  /** `<host>/<slot>`, as text for users. */
  readonly runner: string;
  readonly record: StepRecord<"statusComment">;
  readonly redact: (text: string) => string;
  readonly now: () => number;
}

/**
 * The only status comment of the issue, as one run writes it. It is found by the id in the record, otherwise by its
 * marker, so that a lost answer or an emptied Redis never causes a second one.
 */
export class StatusComment {
  readonly #run: StatusCommentNeeds;
  /** Id of the comment that this run has written, from GitHub's answer; null: none yet. */
  #written: number | null = null;

  constructor(run: StatusCommentNeeds) {
    this.#run = run;
  }

  /**
   * Update the comment with the status of the issue. `comments`: the issue's comments, if this run has just read them.
   */
  async show(state: IssueState, reason: string | null, comments: readonly Comment[] | null = null): Promise<void> {
    const { issue, record, signal } = this.#run;
    const { github, login, ref } = issue;
    const words = { marker: markerOf(this.#run, "status"), text: this.#textOf(state, reason) };
    await record.assertLive();
    const remembered = this.#written ?? (await this.#remembered());
    if (remembered !== null && (await github.updateComment(ref, remembered, words, { signal })) !== null) {
      this.#written = remembered;
      return;
    }
    this.#written = null;
    this.#written = await putStatusComment({ github, ref, login, signal }, words, comments);
    await record.write({ statusComment: this.#written });
  }

  #textOf(state: IssueState, reason: string | null): string {
    const { issue, record, runner, redact, now } = this.#run;
    const known = record.state;
    return statusText(
      {
        state,
        runner,
        since: new Date(now()).toISOString(),
        branch: known.branch.name,
        prNumber: known.pull.number,
        headSha: known.branch.published,
        usage: known.agent.usage,
        isWithheld: known.work.withheld !== null,
        reason: reason === null ? null : redact(reason),
      },
      { trigger: issue.repository.issueLabel },
    );
  }

  /** Return the id of the comment from the record; null if that is another comment, which must not be overwritten. */
  async #remembered(): Promise<number | null> {
    const { issue, record, signal } = this.#run;
    const { github, login, ref } = issue;
    const { statusComment: id } = record.state;
    if (id === null) return null;
    const comment = await github.comment(ref, id, { signal });
    if (comment?.issueNumber !== ref.number || findMarked([comment], login, "status").length === 0) return null;
    return comment.id;
  }
}

export interface CommentNeeds extends IssueAccess {
  /** Id of the run. */
  readonly id: string;
  readonly record: StepRecord<never>;
}

/** Write a separate comment once: search for it by kind and run before writing it. */
export async function commentOnce(
  run: CommentNeeds,
  kind: "question" | "answer" | "failure",
  text: string,
): Promise<Comment> {
  const { github, login, ref } = run.issue;
  const { allows: questionKey, files: filesKey } = (kind === "question" ? run.record.state.work.withheld : null) ?? {};
  const more = {
    ...(questionKey === undefined ? {} : { allows: questionKey }),
    ...(filesKey === undefined ? {} : { files: filesKey }),
  };
  const marker = { ...markerOf(run, kind), ...more };
  const options = { signal: run.signal };
  const all = await github.comments(ref, ref.number, options);
  const there = findMarked(all, login, kind).find((found) => found.marker.run === marker.run);
  if (there !== undefined) return there.comment;
  await run.record.assertLive();
  return github.createComment(ref, ref.number, { marker, text }, options);
}

/** @param run `id`: of the run that writes the comment, if none has decided an end yet */
export function markerOf(
  { id, record: { state } }: { readonly id: string; readonly record: { readonly state: IssueRecord } },
  kind: Marker["kind"],
): Marker {
  return {
    v: 1,
    kind,
    run: state.end.run ?? id,
    outcome: state.end.outcome,
    label_event_id: state.label.event,
    published_sha: state.branch.published,
    question_id: state.question.commentId,
  };
}
