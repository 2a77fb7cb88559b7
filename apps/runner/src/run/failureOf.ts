import { messageOf } from "@tac8/core/domain/messageOf";
import { StepFailure, type Failure } from "@tac8/core/domain/failures";
import { GitHubError } from "@tac8/core/github/errors";
import { LockTimeout } from "@tac8/core/process/flock";
import { saysDiskFull } from "../git/diskFull.ts";

/** Calls about one issue, pull request or comment. Their refusal proves nothing about the rest of the repository. */
const OF_ONE_THING = /^[A-Z]+ \/repos\/[^/]+\/[^/]+\/(issues|pulls)\/(comments\/)?\d/;

/** GitHub's message for a token that lacks a permission. It affects every issue of the repository. */
const OF_THE_TOKEN = /resource not accessible by (personal access token|integration)/i;

/** Return the failure for an error. An unexpected error becomes a `git` failure, which is retried, with its own message. */
export function failureOf(error: unknown): Failure {
  if (error instanceof StepFailure) return error.failure;
  if (error instanceof GitHubError) return githubFailure(error);
  // Another process works with the lock, so the job waits for it without a slot, as for GitHub.
  if (error instanceof LockTimeout) return { kind: "github", message: `${error.message}: waiting for it` };
  const message = messageOf(error);
  if (saysDiskFull(message)) return { kind: "disk", message: firstLine(message) };
  return { kind: "git", message: `unexpected: ${firstLine(message)}`.slice(0, 500) };
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 500);
}

function githubFailure(error: GitHubError): Failure {
  const { message } = error;
  switch (error.kind) {
    case "unavailable":
      return { kind: "github", message };
    case "rate-limit":
      return { kind: "github", message, until: error.retryAt };
    case "unauthorized":
      return { kind: "refused", message, wholeRepository: true };
    case "forbidden":
    case "not-found":
      return OF_ONE_THING.test(error.call) && !OF_THE_TOKEN.test(error.detail)
        ? { kind: "refused", message }
        : { kind: "refused", message, wholeRepository: true };
    case "removed":
    case "invalid":
      return { kind: "refused", message };
    default:
      return error.kind satisfies never;
  }
}
