import { messageOf, errorOf } from "../domain/messageOf.ts";
import { z } from "zod";

import { classify } from "./classify.ts";
import { GitHubError } from "./errors.ts";

/** The fields of Octokit's error that are used. `response` is missing if there was no response. */
const thrownSchema = z.object({
  status: z.number().optional(),
  response: z
    .object({ headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()), data: z.unknown() })
    .optional(),
});

const bodySchema = z.object({
  message: z.string().catch(""),
  errors: z
    .array(z.union([z.string(), z.object({ message: z.string(), code: z.string() }).partial()]))
    .catch([])
    .default([]),
});

const graphqlErrorsSchema = z.object({ errors: z.array(z.object({ type: z.string() }).partial()) });

export interface Thrown {
  error: unknown;
  call: string;
  redact: (text: string) => string;
  /** Name of the token in use, for messages. */
  token: string;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * Convert an error of Octokit to a GitHubError. Octokit's error itself is not passed on, because it contains the request with its headers
 * and body. The cause is the network's error, as a plain error with a redacted message.
 */
export function failureOf({ error, call, redact, token, now }: Thrown): GitHubError {
  const response = thrownSchema.safeParse(error).data?.response;
  const message = messageOf(error);
  if (response === undefined) {
    const cause = rootOf(error);
    const timedOut = cause.name === "TimeoutError";
    return new GitHubError({
      kind: "unavailable",
      status: null,
      retryAt: null,
      call,
      detail: redact(timedOut ? "no response in time" : message || "the connection failed"),
      cause: plain(cause, redact),
    });
  }
  const status = isGraphqlLimit(response.data) ? 429 : (thrownSchema.parse(error).status ?? null);
  const answer = redact(wordsOf(response.data) || message);
  const detail = status === 403 ? withPermission(answer, response.headers["x-accepted-github-permissions"]) : answer;
  return new GitHubError({
    ...classify({ status, headers: response.headers, message: detail, now }),
    status,
    call,
    detail,
    token,
  });
}

/** Return whether a GraphQL response reports the rate limit, which has status 200. */
export function isGraphqlLimit(data: unknown): boolean {
  return graphqlErrorsSchema.safeParse(data).data?.errors.some(({ type }) => type === "RATE_LIMITED") ?? false;
}

/** Return the message of a response: `Validation Failed: A pull request already exists for o:b.` An error without a message shows its code. */
function wordsOf(data: unknown): string {
  if (typeof data === "string") return data.replace(/\s+/g, " ").trim();
  const body = bodySchema.safeParse(data).data;
  if (body === undefined) return "";
  const errors = body.errors.map((error) => (typeof error === "string" ? error : (error.message ?? error.code ?? "")));
  return [body.message, errors.filter(Boolean).join("; ")].filter(Boolean).join(": ");
}

/**
 * Add the missing permission to a message. For fine-grained and App tokens, GitHub reports it only in a header:
 * `issues=write; pull_requests=write`, of which one is enough.
 */
function withPermission(answer: string, accepted: string | number | undefined): string {
  const names = String(accepted ?? "").slice(0, 200);
  if (!/^[a-z_]+=[a-z]+(?:[;,]\s*[a-z_]+=[a-z]+)*$/.test(names)) return answer;
  const spoken = names
    .split(/;\s*/)
    .map((some) => some.replaceAll("_", " ").replaceAll("=", ": "))
    .join(" or ");
  return `${answer} (the token lacks the permission ${spoken})`;
}

function rootOf(error: unknown): Error {
  let root = errorOf(error);
  for (let depth = 0; depth < 5 && root.cause instanceof Error; depth += 1) root = root.cause;
  return root;
}

function plain(error: Error, redact: (text: string) => string): Error {
  const copy = new Error(redact(error.message));
  copy.name = error.name;
  copy.stack = redact(error.stack ?? "");
  return copy;
}
