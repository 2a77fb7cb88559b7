import type { IssueRef } from "@tac8/core/domain/reference";
import { isRefusedRequest } from "@tac8/core/github/errors";
import { mayLabel } from "@tac8/core/github/mayStart";
import { showQueued, showWithdrawn, type QueuedStatus } from "@tac8/core/github/statusComment";
import type { Actor } from "./act.ts";
import type { RepositorySnapshot } from "./plan.ts";

/** Does this poll still speak on issues? Not after the first words that were lost to an outage or a limit. */
export interface QueuedComments {
  on: boolean;
  /** Whether new issues are said to be queued. */
  readonly queued: boolean;
}

/** For one comment: the queue does not wait longer for words. */
const COMMENT_TIMEOUT_MS = 10_000;

/**
 * Says on the issue that it is queued, unless its run will refuse the label: then the run says so, and nothing else is said.
 * Whatever becomes of that, the caller continues.
 */
export function postQueued(
  actor: Actor,
  snapshot: RepositorySnapshot,
  { number, since, known }: { number: number; since: string; known: boolean },
): Promise<void> {
  if (!actor.comments.queued) return Promise.resolve();
  return politely(actor, async () => {
    const place = options(actor, snapshot, { number, since });
    if (await isTrusted(actor, snapshot, place)) await showQueued(place, { known });
  });
}

/** Says on an issue that was told to be queued that it is not any more. */
export function postWithdrawn(
  actor: Actor,
  snapshot: RepositorySnapshot,
  { number, since }: { number: number; since: string },
): Promise<void> {
  return politely(actor, () => showWithdrawn(options(actor, snapshot, { number, since })));
}

function options(actor: Actor, snapshot: RepositorySnapshot, { number, since }: { number: number; since: string }) {
  const { github, login, signal } = actor;
  const ref: IssueRef = { owner: snapshot.owner, repo: snapshot.repo, number };
  const patient = AbortSignal.any([signal, AbortSignal.timeout(COMMENT_TIMEOUT_MS)]);
  return { github, ref, login, trigger: snapshot.label, since, signal: patient };
}

async function isTrusted(
  { github, trustedUsers }: Actor,
  { label }: RepositorySnapshot,
  { ref, signal }: Pick<QueuedStatus, "ref" | "signal">,
): Promise<boolean> {
  const event = await github.newestLabeledEvent(ref, ref.number, label, { signal });
  return event !== null && mayLabel(github, { repo: ref, login: event.actor, trustedUsers }, { signal });
}

async function politely({ comments, log }: Actor, speak: () => Promise<void>): Promise<void> {
  if (!comments.on) return;
  try {
    await speak();
  } catch (error) {
    // GitHub may well accept a comment on the next issue.
    if (!isRefusedRequest(error)) comments.on = false;
    log.debug({ err: error }, "could not update the status comment");
  }
}
