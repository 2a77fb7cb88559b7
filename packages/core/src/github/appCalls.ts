import { z } from "zod";
import type { Caller } from "./call.ts";
import type { CallOptions, Repo } from "./types.ts";
import { nameOf } from "./urls.ts";

/** An installation of a GitHub App, with its permissions. */
export interface Installation {
  readonly id: number;
  /** Name of the App in URLs; its account is `<slug>[bot]`. */
  readonly slug: string;
  /** Login of the user or organization. */
  readonly account: string;
  /** URL of the page with its settings. */
  readonly url: string;
  /** Permissions by GitHub's name, such as `pull_requests`: `read`, `write` or `admin`. */
  readonly permissions: Readonly<Record<string, string>>;
  readonly suspended: boolean;
}

/** A token of an installation. Times are by GitHub's clock. */
export interface InstallationToken {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

const permissionsSchema = z.record(z.string(), z.string()).default({});
/** The slug becomes a part of the account's name and of URLs. */
const slugSchema = z.string().regex(/^[\w.-]{1,100}$/);

const installationSchema = z
  .object({
    id: z.int().positive(),
    app_slug: slugSchema,
    account: z.object({ login: z.string().optional(), slug: z.string().optional() }).nullable(),
    html_url: z.string(),
    permissions: permissionsSchema,
    suspended_at: z.string().nullish(),
  })
  .transform((raw): Installation => ({
    id: raw.id,
    slug: raw.app_slug,
    account: raw.account?.login ?? raw.account?.slug ?? "",
    url: raw.html_url,
    permissions: raw.permissions,
    suspended: (raw.suspended_at ?? null) !== null,
  }));

const tokenSchema = z
  .object({ token: z.string().regex(/^[\x21-\x7E]{10,4000}$/), expires_at: z.string() })
  .transform(({ token, expires_at: at }, context): InstallationToken => {
    const expiresAt = Date.parse(at);
    if (!Number.isFinite(expiresAt)) context.addIssue({ code: "custom", message: "expires_at is no time" });
    return { token, expiresAt };
  });

const appSchema = z
  .object({ slug: slugSchema, html_url: z.string() })
  .transform((raw) => ({ slug: raw.slug, url: raw.html_url }));

/** Calls that a GitHub App makes as itself, with a JSON web token. */
export function appCalls({ one }: Caller) {
  return {
    app: (options: CallOptions = {}): Promise<{ readonly slug: string; readonly url: string }> =>
      one({ route: "GET /app", schema: appSchema, ...options }),

    /** Return the App's installation for a repository. @throws GitHubError `not-found`: the App is not installed there. */
    installationOf: (repo: Repo, options: CallOptions = {}): Promise<Installation> =>
      one({
        route: "GET /repos/{owner}/{repo}/installation",
        params: { ...nameOf(repo) },
        schema: installationSchema,
        ...options,
      }),

    /** @param repositories names without their owner */
    createToken: (
      installationId: number,
      {
        repositories,
        permissions,
      }: { readonly repositories: readonly string[]; readonly permissions: Readonly<Record<string, string>> },
      options: CallOptions = {},
    ): Promise<InstallationToken> =>
      one({
        route: "POST /app/installations/{installation_id}/access_tokens",
        params: { installation_id: installationId, repositories, permissions },
        schema: tokenSchema,
        ...options,
      }),
  };
}
