import { z } from "zod";
import type { Logger } from "@tac8/core/log/logger";
import { addSecret } from "@tac8/core/log/redact";
import { APP_PERMISSIONS } from "@tac8/core/github/appPermissions";
import { createCaller } from "@tac8/core/github/call";
import { createOctokit } from "@tac8/core/github/octokit";
import { createTransport } from "@tac8/core/github/transport";
import type { CallOptions } from "@tac8/core/github/types";
import { siteUrl } from "@tac8/core/github/urls";

/** GitHub's limit. */
const MAX_NAME = 34;

/** A GitHub App that GitHub has just created. */
export interface MadeApp {
  readonly id: number;
  readonly slug: string;
  /** Address of the App's page. */
  readonly url: string;
  /** Private key as PEM. GitHub shows it only once. */
  readonly privateKey: string;
}

/**
 * Return the manifest of an App for the repositories of one owner, with all permissions that tac8 needs and without a webhook.
 * Pure. https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
 * @param unique makes the name of the App unique, as GitHub requires
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

/** Return the address of GitHub's page that accepts a manifest, for the user or for an organization. Pure. */
export function newAppUrl(apiUrl: string, { organization, state }: { organization: string | null; state: string }) {
  const whose = organization === null ? "" : `/organizations/${encodeURIComponent(organization)}`;
  return `${siteUrl(apiUrl)}${whose}/settings/apps/new?state=${encodeURIComponent(state)}`;
}

/** Return the address of the page on which the App is installed on repositories. Pure. */
export function installUrl({ url }: Pick<MadeApp, "url">): string {
  return `${url}/installations/new`;
}

const madeSchema = z
  .object({ id: z.int().positive(), slug: z.string().min(1).max(100), html_url: z.string(), pem: z.string().min(1) })
  .transform((raw): MadeApp => ({ id: raw.id, slug: raw.slug, url: raw.html_url, privateKey: raw.pem }));

const accountSchema = z.object({ login: z.string(), type: z.string() });

/** Return the calls that need no credentials. Each throws GitHubError or the reason of the signal. */
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
    /** Exchange the code for the App. This works once, within an hour. */
    takeApp: async (code: string, options: CallOptions = {}): Promise<MadeApp> => {
      const route = "POST /app-manifests/{code}/conversions";
      const made = await one({ route, params: { code }, schema: madeSchema, ...options });
      addSecret(made.privateKey);
      return made;
    },
    isOrganization: async (login: string, options: CallOptions = {}): Promise<boolean> => {
      const { type } = await one({ route: "GET /users/{login}", params: { login }, schema: accountSchema, ...options });
      return type === "Organization";
    },
  };
}
