import { z } from "zod";

import type { Comment, Issue, IssueEvent, Pull, Review, ReviewComment } from "./types.ts";

/** The account is null when it was deleted; GitHub's pages then show `ghost`. */
const accountSchema = z
  .object({ login: z.string(), type: z.string().default("User") })
  .nullish()
  .transform((account) => account ?? { login: "ghost", type: "User" });

const textSchema = z
  .string()
  .nullish()
  .transform((text) => text ?? "");

const labelSchema = z.union([z.string(), z.object({ name: z.string().nullish() }).transform(({ name }) => name ?? "")]);

/** Names of the remaining labels of an issue; null: the response has another form. */
export const labelsSchema = z
  .array(labelSchema)
  .transform((names) => names.filter((name) => name !== ""))
  .nullable()
  .catch(null);

export const viewerSchema = z.object({ login: z.string(), id: z.number() });

/** No login is longer than this. */
export const graphqlSchema = z.object({ data: z.object({ viewer: z.object({ login: z.string().min(1).max(100) }) }) });

export const repositorySchema = z.object({
  id: z.number(),
  full_name: z.string().regex(/^[^/]+\/[^/]+$/),
  default_branch: z.string().min(1),
  archived: z.boolean().default(false),
  private: z.boolean().default(false),
  permissions: z.object({ push: z.boolean().default(false) }).optional(),
});

export const issueSchema = z
  .object({
    number: z.int(),
    title: z.string(),
    body: textSchema,
    state: z.enum(["open", "closed"]),
    state_reason: z.string().nullish(),
    labels: z.array(labelSchema),
    locked: z.boolean().default(false),
    comments: z.int().nullish(),
    user: accountSchema,
    created_at: z.string(),
    updated_at: z.string(),
    html_url: z.string(),
    repository_url: z.string(),
    pull_request: z.unknown().optional(),
  })
  .transform((raw) => {
    const issue: Issue = {
      number: raw.number,
      title: raw.title,
      body: raw.body,
      state: raw.state,
      stateReason: raw.state_reason ?? null,
      labels: raw.labels.filter((name) => name !== ""),
      locked: raw.locked,
      commentCount: raw.comments ?? null,
      author: raw.user.login,
      createdAt: raw.created_at,
      updatedAt: raw.updated_at,
      url: raw.html_url,
      isPull: raw.pull_request !== undefined && raw.pull_request !== null,
    };
    return { issue, repositoryUrl: raw.repository_url };
  });

export const commentSchema = z
  .object({
    id: z.int(),
    body: textSchema,
    user: accountSchema,
    author_association: z.string().default("NONE"),
    created_at: z.string(),
    updated_at: z.string(),
    issue_url: z.string().regex(/\/\d+$/),
    html_url: z.string(),
  })
  .transform((raw): Comment => ({
    id: raw.id,
    body: raw.body,
    author: raw.user,
    association: raw.author_association,
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    issueNumber: Number(raw.issue_url.slice(raw.issue_url.lastIndexOf("/") + 1)),
    url: raw.html_url,
  }));

export const pullSchema = z
  .object({
    number: z.int(),
    html_url: z.string(),
    state: z.enum(["open", "closed"]),
    merged_at: z.string().nullish(),
    head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ full_name: z.string() }).nullish() }),
    base: z.object({ ref: z.string() }),
    body: textSchema,
    draft: z.boolean().default(false),
  })
  .transform((raw) => {
    const pull: Pull = {
      number: raw.number,
      url: raw.html_url,
      state: raw.state,
      merged: (raw.merged_at ?? null) !== null, // lists have no `merged`
      headRef: raw.head.ref,
      headSha: raw.head.sha,
      baseRef: raw.base.ref,
      body: raw.body,
      draft: raw.draft,
    };
    return { pull, headRepo: raw.head.repo?.full_name ?? null };
  });

export const reviewSchema = z
  .object({
    id: z.int(),
    user: accountSchema,
    body: textSchema,
    state: z.string(),
    submitted_at: z.string().nullish(),
  })
  .transform(({ id, user, body, state, submitted_at }): Review => ({
    id,
    author: user,
    body,
    state: state.toUpperCase(),
    submittedAt: submitted_at ?? "",
  }));

export const reviewCommentSchema = z
  .object({
    id: z.int(),
    user: accountSchema,
    body: textSchema,
    path: z.string(),
    line: z.int().nullish(),
    original_line: z.int().nullish(),
    subject_type: z.string().nullish(),
    diff_hunk: textSchema,
    created_at: z.string(),
    pull_request_review_id: z.int().nullish(),
    in_reply_to_id: z.int().nullish(),
  })
  .transform((raw): ReviewComment => ({
    id: raw.id,
    author: raw.user,
    body: raw.body,
    path: raw.path,
    line: raw.line ?? raw.original_line ?? null,
    outdated: (raw.line ?? null) === null && raw.subject_type !== "file",
    diffHunk: raw.diff_hunk,
    createdAt: raw.created_at,
    review: raw.pull_request_review_id ?? null,
    isReply: (raw.in_reply_to_id ?? null) !== null,
  }));

/** Events of an issue have many kinds. Only `labeled` events always have all of these fields. */
export const eventSchema = z
  .object({
    id: z.int(),
    event: z.string(),
    actor: accountSchema,
    created_at: z.string().nullish(),
    label: z.object({ name: z.string().nullish() }).nullish(),
  })
  .transform((raw) => {
    const event: IssueEvent = {
      id: raw.id,
      actor: raw.actor.login,
      actorType: raw.actor.type,
      at: raw.created_at ?? "",
    };
    return { event, kind: raw.event, label: raw.label?.name ?? null };
  });

export const permissionSchema = z.object({ permission: z.string() });

/** A response whose content is not used. */
export const anySchema = z.unknown();
