import { createAppAuth } from "@octokit/auth-app";
import { setTimeout as sleep } from "node:timers/promises";
import type { AppCredentials } from "../config/credentials.ts";
import { nameToken, permitAdvice } from "../config/tokenName.ts";
import { createRedactor, addSecret } from "../log/redact.ts";
import type { Logger } from "../log/logger.ts";
import { abortable } from "./abortable.ts";
import { appCalls, type Installation } from "./appCalls.ts";
import { mayChangeWorkflows, missingPermissions, tokenPermissions } from "./appPermissions.ts";
import { createCaller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import { createOctokit } from "./octokit.ts";
import type { GitHubTokens, RepositoryAccess } from "./tokens.ts";
import { createTransport } from "./transport.ts";
import type { CallOptions, Repo } from "./types.ts";
import { repoKey } from "./urls.ts";

/** A token with less remaining life is renewed before it is used, so that it is still valid when a push ends. */
const MIN_LEFT_MS = 10 * 60_000;
/** Longest believed lifetime of a token. GitHub's tokens live for one hour. */
const MAX_LIFE_MS = 2 * 60 * 60_000;
/** Tries of one renewal, and the longest wait after a failed renewal while the current token is still valid. */
const TRIES = 3;
const RETRY_MS = 30_000;
/** How long a failure is cached if an operator must repair the App. */
const REPAIR_MS = 1000;
/**
 * Minimum time between two new tokens because the current one lacks a repository. A missing permission for workflows has none: only a push
 * of such work meets it, and a user may have granted it seconds ago.
 */
const WIDEN_MS = 60_000;
/** How long a token that replaced a refused one is not replaced itself. */
const REPLACE_MS = 60_000;

export interface AppTokensOptions {
  readonly apiUrl: string;
  readonly credentials: AppCredentials;
  /** The tokens can access only these repositories of the installation. */
  readonly repositories: readonly Repo[];
  /** Additional secrets, which no message may contain. */
  readonly secrets: readonly string[];
  readonly log: Logger;
  readonly requestTimeoutMs?: number | undefined;
  readonly retryBaseMs?: number | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A token in use. Times are epoch milliseconds of this machine's clock. */
interface Live {
  readonly token: string;
  /** Time from which a new token is created. */
  renewAt: number;
  readonly endsAt: number;
  readonly madeAt: number;
  readonly mayChangeWorkflows: boolean;
  /** Configured repositories that the token cannot access, as `owner/name` in lower case. */
  readonly leftOut: ReadonlySet<string>;
}

/**
 * The tokens of a GitHub App's installation, limited to the configured repositories and to `tokenPermissions`. The states of the
 * token are none → live → due (less than 10 minutes, or half of a shorter lifetime, are left) → ended. The first caller that finds no
 * token, or a due one, creates the next one, and all other callers wait for it. If that fails for a temporary reason, the due token stays
 * in use until its end.
 *
 * A failure is cached until the time that GitHub names, or for half a minute (for a second, if an operator must repair the App): callers
 * get the same error without another request.
 */
export function appTokens(options: AppTokensOptions): GitHubTokens {
  const { apiUrl, credentials, repositories, log, now, requestTimeoutMs = 30_000, retryBaseMs = 250 } = options;
  const name = nameToken(credentials);
  const redact = createRedactor(options.secrets);
  const transport = createTransport({ timeoutMs: requestTimeoutMs });
  /** GitHub's clock, by which the end of a token is given. Null: unknown. */
  let theirs: { readonly date: number; readonly at: number } | null = null;
  const send: typeof fetch = async (input, init) => {
    const at = now();
    const response = await transport.fetch(input, init);
    const date = Date.parse(response.headers.get("date") ?? "");
    if (Number.isFinite(date)) theirs = { date, at };
    return response;
  };
  const octokit = createOctokit({
    apiUrl,
    // The library signs the App's own calls, and signs them again by GitHub's clock where this machine's is off.
    auth: { authStrategy: createAppAuth, auth: { appId: credentials.id, privateKey: credentials.privateKey } },
    redact,
    log,
    writeIntervalMs: 0,
    retryBaseMs,
    fetch: send,
    now,
  });
  const calls = appCalls(createCaller({ octokit, redact, token: name, log, now }));

  let live: Live | null = null;
  let making: Promise<Live> | null = null;
  let widenedAt = -Infinity;
  /** The token that took the place of a refused one. */
  let replacement: Live | null = null;
  let failed: { readonly error: GitHubError; readonly until: number } | null = null;
  let slug: string | null = null;
  const reported = new Set<string>();

  function failure(call: string, status: number, detail: string): GitHubError {
    return new GitHubError({ kind: "unauthorized", status, retryAt: null, call, detail, token: name });
  }

  /** Return for each repository whether the tokens can access it: only those of one installation. */
  async function findAccess(callOptions: CallOptions = {}): Promise<RepositoryAccess[]> {
    const found: RepositoryAccess[] = [];
    let chosen = credentials.installationId;
    for (const repo of repositories) {
      const access = await findRepositoryAccess(repo, callOptions);
      const { installation } = access;
      chosen ??= access.why === null ? (installation?.id ?? null) : null;
      const other = installation !== null && chosen !== null && installation.id !== chosen;
      const full = `${repo.owner}/${repo.repo}`;
      const why = other
        ? `${name} has another installation (${installation.id}) for ${full}, but tac8 supports one installation (${chosen}): use a separate configuration for ${full}`
        : access.why;
      found.push({ ...access, why });
    }
    return found;
  }

  async function findRepositoryAccess(repo: Repo, callOptions: CallOptions): Promise<RepositoryAccess> {
    const full = `${repo.owner}/${repo.repo}`;
    try {
      const installation = await calls.installationOf(repo, callOptions);
      slug = installation.slug;
      return { repo, installation, why: whyUnusable(installation) };
    } catch (error) {
      if (!(error instanceof GitHubError)) throw error;
      if (error.kind === "not-found" && /integration not found/i.test(error.detail)) {
        throw failure(error.call, 404, `no GitHub App has the id ${credentials.id}: check github.app_id`);
      }
      if (error.kind === "removed") {
        const why = `${full} was renamed, moved or deleted: change its name in the configuration`;
        return { repo, installation: null, why };
      }
      if (error.kind !== "not-found") throw error;
      return { repo, installation: null, why: `${name} is not installed on ${full}: install it there` };
    }
  }

  function whyUnusable({ account, suspended, permissions, url }: Installation): string | null {
    if (suspended) return `the installation of ${name} for ${account} is suspended: unsuspend it (${url})`;
    const missing = missingPermissions(permissions).join(", ");
    if (missing === "") return null;
    return `the installation of ${name} for ${account} lacks ${missing}: ${permitAdvice(name, missing)} (${url})`;
  }

  async function make(): Promise<Live> {
    const found = await findAccess();
    const reached = found.filter(({ why }) => why === null);
    const [first] = reached;
    if (first === undefined || first.installation === null) {
      const [why = "no repository is configured"] = found.flatMap((access) => access.why ?? []);
      throw failure("POST /app/installations/{id}/access_tokens", 404, why);
    }
    for (const { why } of found) {
      if (why === null || reported.has(why)) continue;
      reported.add(why);
      log.warn(why);
    }
    const started = now();
    const made = await calls.createToken(first.installation.id, {
      repositories: reached.map(({ repo }) => repo.repo),
      permissions: tokenPermissions(first.installation.permissions),
    });
    addSecret(made.token);
    // Computed by GitHub's clock only, so a wrong clock of this machine does not change the token's life.
    const answeredAt = theirs !== null && theirs.at >= started ? theirs.date : now();
    const lifeMs = Math.min(Math.max(made.expiresAt - answeredAt, 0), MAX_LIFE_MS);
    const endsAt = started + lifeMs;
    log.debug({ app: credentials.id, seconds: Math.round(lifeMs / 1000) }, "new GitHub token");
    return {
      token: made.token,
      endsAt,
      renewAt: endsAt - Math.min(MIN_LEFT_MS, lifeMs / 2),
      madeAt: started,
      mayChangeWorkflows: mayChangeWorkflows(first.installation.permissions),
      leftOut: new Set(found.filter(({ why }) => why !== null).map(({ repo }) => repoKey(repo))),
    };
  }

  async function makeWithRetries(): Promise<Live> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await make();
      } catch (error) {
        const passes = error instanceof GitHubError && error.kind === "unavailable";
        if (!passes || tried === TRIES) throw error;
        await sleep(retryBaseMs * tried * tried);
      }
    }
  }

  async function renewed(): Promise<Live> {
    const before = live;
    try {
      if (making === null && failed !== null && now() < failed.until) throw failed.error;
      making ??= makeWithRetries()
        .then((made) => {
          failed = null;
          return (live = made);
        })
        .catch((error: unknown) => {
          if (error instanceof GitHubError) failed = { error, until: retryTime(error) };
          throw error;
        })
        .finally(() => (making = null));
      return await making;
    } catch (error) {
      const passes = error instanceof GitHubError && (error.kind === "unavailable" || error.kind === "rate-limit");
      if (!passes || before === null || before !== live || now() >= before.endsAt) throw error;
      if (now() < before.renewAt) return before; // Another caller has had the same failure.
      before.renewAt = Math.min(now() + RETRY_MS, (now() + before.endsAt) / 2);
      log.warn(`the GitHub token could not be renewed but is still valid: ${error.message}`);
      return before;
    }
  }

  /** Return until when a failure is cached. An operator who has repaired the App retries immediately, so that failure is cached briefly. */
  function retryTime({ kind, retryAt }: GitHubError): number {
    if (kind === "unauthorized" || kind === "forbidden") return now() + REPAIR_MS;
    return Math.min(Math.max(retryAt ?? 0, now() + RETRY_MS), now() + MAX_LIFE_MS);
  }

  const get = async (callOptions: CallOptions = {}): Promise<string> => {
    callOptions.signal?.throwIfAborted();
    if (live !== null && now() < live.renewAt) return live.token;
    return (await abortable(renewed(), callOptions.signal)).token;
  };

  /** Create a token although the current one is not due. Null: that failed. */
  async function widened(): Promise<Live | null> {
    widenedAt = now();
    try {
      return await renewed();
    } catch (error) {
      if (!(error instanceof GitHubError)) throw error;
      log.warn(`the GitHub token lacks a permission, and no new token could be created: ${error.message}`);
      return null;
    }
  }

  return {
    name,
    get,
    renewForAccess: async (used, lacks, { signal } = {}) => {
      signal?.throwIfAborted();
      const before = live;
      if (before === null || !lacksIt(before, lacks))
        return before === null || before.token === used ? null : before.token;
      const isTooSoon = now() < Math.max(before.madeAt, widenedAt) + WIDEN_MS && making === null;
      if (isTooSoon && lacks !== "workflows") return null;
      const made = await abortable(widened(), signal);
      return made === null || made.token === used || lacksIt(made, lacks) ? null : made.token;
    },
    replace: async (refused, callOptions) => {
      if (live?.token !== refused) return get(callOptions);
      if (live === replacement && now() < live.madeAt + REPLACE_MS) return null;
      live = null;
      replacement = await abortable(renewed(), callOptions?.signal);
      return replacement.token;
    },
    app: {
      login: async (callOptions) => {
        if (slug === null) await get(callOptions);
        return `${slug}[bot]`;
      },
      inspect: async (callOptions = {}) => {
        const app = await calls.app(callOptions);
        const found = await findAccess(callOptions);
        const isReached = found.some(({ why }) => why === null);
        const made = isReached ? await abortable(renewed(), callOptions.signal) : null;
        return { ...app, repositories: found, leftMs: made === null ? null : made.endsAt - now() };
      },
    },
  };
}

function lacksIt(token: Live, lacks: Repo | "workflows"): boolean {
  return lacks === "workflows" ? !token.mayChangeWorkflows : token.leftOut.has(repoKey(lacks));
}
