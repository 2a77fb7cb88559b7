import type { IssueRef } from "@tac8/core/domain/reference";
import { isRefusedRequest } from "@tac8/core/github/errors";
import { mayLabel } from "@tac8/core/github/trust";
import { showQueued, showWithdrawn, type QueuedStatus } from "@tac8/core/github/statusComment";
import type { ActServices } from "./act.ts";
import type { RepositorySnapshot } from "./plan.ts";

/** State of the comments of one poll. */
export interface QueuedComments {
  /** Whether this poll still posts comments; false after the first one that failed because of an outage or a limit. */
  enabled: boolean;
  /** Whether new issues get a queued comment. */
  readonly forNewIssues: boolean;
}

/** Maximum time for one comment, because the queue waits for it. */
const COMMENT_TIMEOUT_MS = 10_000;

/**
 * Post the queued comment, unless the actor of the label event is not trusted: then the run refuses the label and posts its own
 * comment. Does not throw if GitHub fails.
 */
export function postQueued(
  services: ActServices,
  snapshot: RepositorySnapshot,
  { number, since, hasRecord }: { number: number; since: string; hasRecord: boolean },
): Promise<void> {
  if (!services.comments.forNewIssues) return Promise.resolve();
  return tryToPost(services, async () => {
    const status = queuedStatus(services, snapshot, { number, since });
    if (await isTrusted(services, snapshot, status)) await showQueued(status, { hasRecord });
  });
}

/** Update the queued comment of an issue that was withdrawn. Does not throw if GitHub fails. */
export function postWithdrawn(
  services: ActServices,
  snapshot: RepositorySnapshot,
  { number, since }: { number: number; since: string },
): Promise<void> {
  return tryToPost(services, () => showWithdrawn(queuedStatus(services, snapshot, { number, since })));
}

function queuedStatus(
  services: ActServices,
  snapshot: RepositorySnapshot,
  { number, since }: { number: number; since: string },
): QueuedStatus {
  const { github, login, signal } = services;
  const ref: IssueRef = { owner: snapshot.owner, repo: snapshot.repo, number };
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(COMMENT_TIMEOUT_MS)]);
  return { github, ref, login, trigger: snapshot.label, since, signal: bounded };
}

async function isTrusted(
  { github, trustedUsers }: ActServices,
  { label }: RepositorySnapshot,
  { ref, signal }: Pick<QueuedStatus, "ref" | "signal">,
): Promise<boolean> {
  const event = await github.newestLabeledEvent(ref, ref.number, label, { signal });
  return event !== null && mayLabel(github, { repo: ref, login: event.actor, trustedUsers }, { signal });
}

async function tryToPost({ comments, log }: ActServices, post: () => Promise<void>): Promise<void> {
  if (!comments.enabled) return;
  try {
    await post();
  } catch (error) {
    // If GitHub refused only this comment, it may accept one on the next issue.
    if (!isRefusedRequest(error)) comments.enabled = false;
    log.debug({ err: error }, "could not update the status comment");
  }
}
