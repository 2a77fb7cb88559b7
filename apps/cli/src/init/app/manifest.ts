import { z } from "zod";
import type { Logger } from "@tac8/core/log/logger";
import { learnSecret } from "@tac8/core/log/redact";
import { APP_PERMISSIONS } from "@tac8/core/github/appPermissions";
import { createCaller } from "@tac8/core/github/call";
import { createOctokit } from "@tac8/core/github/octokit";
import { createTransport } from "@tac8/core/github/transport";
import type { CallOptions } from "@tac8/core/github/types";
import { siteUrl } from "@tac8/core/github/urls";

/** GitHub's own limit. */
const MAX_NAME = 34;

/** A GitHub App that GitHub has just made. */
export interface MadeApp {
  readonly id: number;
  readonly slug: string;
  /** The App's page, for people. */
  readonly url: string;
  /** PEM. GitHub shows it once. */
  readonly privateKey: string;
}

/**
 * Return the manifest of an App for one owner's repositories: everything that tac8 needs is asked for at once, and no webhook
 * is called. Pure. https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
 * @param unique tells the App from others of the same owner, because names are unique at GitHub
 */
export function appManifest(given: { owner: string; unique: string; home: string; redirectUrl: string }) {
  const { owner, unique, home, redirectUrl } = given;
  return {
    name: `tac8-${owner.slice(0, MAX_NAME - "tac8--".length - unique.length)}-${unique}`,
    description: "Turns labelled issues into pull requests.",
    url: home,
    hook_attributes: { url: home, active: false },
    redirect_url: redirectUrl,
    public: false,
    default_permissions: APP_PERMISSIONS,
    default_events: [],
  };
}

/** Return the page that takes a manifest: the user's own, or the organization's. Pure. */
export function newAppUrl(apiUrl: string, { organization, state }: { organization: string | null; state: string }) {
  const whose = organization === null ? "" : `/organizations/${encodeURIComponent(organization)}`;
  return `${siteUrl(apiUrl)}${whose}/settings/apps/new?state=${encodeURIComponent(state)}`;
}

/** Where the App is installed on repositories. Pure. */
export function installUrl({ url }: Pick<MadeApp, "url">): string {
  return `${url}/installations/new`;
}

const madeSchema = z
  .object({ id: z.int().positive(), slug: z.string().min(1).max(100), html_url: z.string(), pem: z.string().min(1) })
  .transform((raw): MadeApp => ({ id: raw.id, slug: raw.slug, url: raw.html_url, privateKey: raw.pem }));

const accountSchema = z.object({ login: z.string(), type: z.string() });

/** Calls that need no credentials. Each throws GitHubError, or the signal's reason. */
export function openCalls({
  apiUrl,
  log,
  now,
}: {
  readonly apiUrl: string;
  readonly log: Logger;
  readonly now: () => number;
}) {
  const { fetch } = createTransport({ timeoutMs: 30_000 });
  const settings = { auth: {}, redact: String, writeIntervalMs: 0, retryBaseMs: 250 };
  const octokit = createOctokit({ apiUrl, log, fetch, now, ...settings });
  const { one } = createCaller({ octokit, redact: String, token: "the code", log, now });
  return {
    /** Takes the App that belongs to the code; that works once, and within an hour. */
    takeApp: async (code: string, options: CallOptions = {}): Promise<MadeApp> => {
      const route = "POST /app-manifests/{code}/conversions";
      const made = await one({ route, params: { code }, schema: madeSchema, ...options });
      learnSecret(made.privateKey);
      return made;
    },
    isOrganization: async (login: string, options: CallOptions = {}): Promise<boolean> => {
      const { type } = await one({ route: "GET /users/{login}", params: { login }, schema: accountSchema, ...options });
      return type === "Organization";
    },
  };
}
