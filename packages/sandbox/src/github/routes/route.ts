import { ApiError, forbidden, notFound, type Answer } from "../answer.ts";
import type { Issue, Level, Repository, Token, User } from "../model.ts";
import type { View } from "../present.ts";
import { atLeast } from "../store.ts";

/** One authenticated call, with its account and permission. */
export interface Call extends View {
  readonly user: User;
  readonly token: Token;
  readonly params: Readonly<Record<string, string>>;
  readonly method: string;
  /** As asked, with the prefix under which the asker reached us. */
  readonly url: URL;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A call inside a repository that the asker may read. */
export interface RepositoryCall extends Call {
  readonly repository: Repository;
  readonly level: Level;
}

interface Spot {
  readonly method: string;
  /** `:name` stands for one part of the path. */
  readonly path: string;
}

export interface PlainRoute extends Spot {
  readonly run: (call: Call) => Answer | Promise<Answer>;
}

/** `path` continues after `/repos/:owner/:repo`. */
export interface RepositoryRoute extends Spot {
  readonly run: (call: RepositoryCall) => Answer | Promise<Answer>;
}

export function needs(call: RepositoryCall, wanted: Level): void {
  if (!atLeast(call.level, wanted)) throw forbidden();
}

/** Check that the token may comment. Every account with read access may, but not with a read-only token. */
export function needsToSpeak(call: RepositoryCall): void {
  if (!atLeast(call.token.atMost, "write")) throw forbidden();
}

/** @throws ApiError 404, 410 for a deleted issue, 301 or 307 to where a transferred one lives now. */
export function issueOf(call: RepositoryCall): Issue {
  const issue = call.repository.issues.get(Number(call.params["number"]));
  if (issue === undefined) throw notFound();
  if (issue.deleted) throw new ApiError(410, "This issue was deleted");
  if (issue.movedTo !== null) {
    const { repository, number } = issue.movedTo;
    const rest = call.url.pathname.replace(/^.*?\/(?:issues|pulls)\/\d+/, "");
    throw movedTo(call, `${call.urls.api}/repos/${repository}/issues/${number}${rest}`);
  }
  return issue;
}

export function pullOf(call: RepositoryCall): Issue & { readonly pull: NonNullable<Issue["pull"]> } {
  const issue = issueOf(call);
  const { pull } = issue;
  if (pull === undefined) throw notFound();
  return issue as Issue & { pull: typeof pull };
}

/** What a client may repeat as a GET is 301, the rest 307, so that it stays a POST. */
export function movedTo(call: Pick<Call, "url" | "method">, location: string): ApiError {
  const url = location + call.url.search;
  const status = call.method === "GET" ? 301 : 307;
  return new ApiError(status, "Moved Permanently", { body: { url }, headers: { location: url } });
}

/** A field of the body, `undefined` when it is not there. @throws ApiError 422 when it is no text. */
export function text(call: Call, field: string): string | undefined {
  const value = call.body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw new ApiError(422, `Invalid request.\n\nFor '${field}', ${JSON.stringify(value)} is not a string.`);
}

/** The label names of a body: a list of texts or objects, under `labels` or as the body itself. */
export function labelNames(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((item: unknown) => {
    const name = typeof item === "object" && item !== null && "name" in item ? item.name : item;
    if (typeof name !== "string" || name.trim() === "")
      throw new ApiError(422, "Invalid request.\n\nLabels are texts.");
    return name;
  });
}
