import { setTimeout as sleep } from "node:timers/promises";
import type { GitHubTokens } from "./tokens.ts";
import type { Repo } from "./types.ts";

/** There is no token for a request; the reason is the cause. Callers must not treat it as a response to the request. */
export class NoTokenError extends Error {
  override readonly name = "NoTokenError";

  constructor(cause: unknown) {
    super("no token for the request", { cause });
  }
}

/** Time until all of GitHub's servers know a new token. */
const SETTLE_MS = 1000;

interface Endpoint {
  readonly url: string;
  /** Parameters of a repository's route. For the further pages of a list, they are only in the URL. */
  readonly owner?: unknown;
  readonly repo?: unknown;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly request?: { readonly signal?: AbortSignal };
}

interface Send {
  (endpoint: object): Promise<unknown>;
  readonly endpoint: { merge(route: unknown, parameters: unknown): Endpoint };
}

/**
 * An auth strategy for Octokit with changing tokens: each try of a request uses the current token. After a 401, GitHub has done nothing, so
 * the request is sent again with another token, and again after a second if that token is refused too. A call about a repository
 * that the token cannot access is sent again if an operator has added the repository since.
 */
export function tokenAuth({ tokens }: { readonly tokens: GitHubTokens }) {
  const hook = async (request: Send, route: unknown, parameters: unknown): Promise<unknown> => {
    const endpoint = request.endpoint.merge(route, parameters);
    const { signal } = endpoint.request ?? {};
    const send = (token: string) => {
      if (token === "") return request(endpoint);
      return request({ ...endpoint, headers: { ...endpoint.headers, authorization: `token ${token}` } });
    };
    const take = async <T>(token: Promise<T>): Promise<T> => {
      try {
        return await token;
      } catch (cause) {
        throw new NoTokenError(cause);
      }
    };
    const first = await take(tokens.get({ signal }));
    try {
      return await send(first);
    } catch (error) {
      const repo = isOutOfReach(error) ? repositoryOf(endpoint) : null;
      if (repo !== null) {
        const wider = await tokens.renewForAccess(first, repo, { signal });
        if (wider === null) throw error;
        return send(wider);
      }
      const second = isRefused(error) ? await take(tokens.replace(first, { signal })) : null;
      if (second === null) throw error;
      try {
        return await send(second);
      } catch (again) {
        if (!isRefused(again)) throw again;
        await sleep(SETTLE_MS, undefined, { signal, ref: false }).catch(() => undefined);
        return send(second);
      }
    }
  };
  return Object.assign(() => tokens.get(), { hook });
}

/** Return the repository of a call; null: it has none. Pure. */
function repositoryOf({ owner, repo, url }: Endpoint): Repo | null {
  if (typeof owner === "string" && typeof repo === "string") return { owner, repo };
  const [, inUrl, name] = /\/repos\/([\w.-]+)\/([\w.-]+)/.exec(url) ?? [];
  return inUrl === undefined || name === undefined ? null : { owner: inUrl, repo: name };
}

function statusOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "status" in error ? error.status : null;
}

function isRefused(error: unknown): boolean {
  return statusOf(error) === 401;
}

/** Return whether an error may mean that the token cannot access the repository. */
function isOutOfReach(error: unknown): boolean {
  return statusOf(error) === 403 || statusOf(error) === 404;
}
