import { setTimeout as sleep } from "node:timers/promises";
import type { GitHubTokens } from "./tokens.ts";
import type { Repo } from "./types.ts";

/** There is no token to send a request with; the cause says why. It is no answer to the request: nothing may read one from it. */
export class NoTokenError extends Error {
  override readonly name = "NoTokenError";

  constructor(cause: unknown) {
    super("no token for the request", { cause });
  }
}

/** A new token is known everywhere at GitHub only after a moment. */
const SETTLE_MS = 1000;

interface Endpoint {
  readonly url: string;
  /** Parameters of a route of a repository. The pages of a list have them in their address alone. */
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
 * Octokit's auth strategy with changing tokens: each try of a request has the token of its moment. A 401 means that GitHub has
 * done nothing, so the request is sent again with another token, once; and again after a second, if that one is refused too.
 * A call about a repository that the token does not reach is sent again, if an operator has added the repository since.
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
        const wider = await tokens.widen(first, repo, { signal });
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

/** Null: the call is about no repository. Pure. */
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

/** GitHub answers so about a repository that the token does not reach. */
function isOutOfReach(error: unknown): boolean {
  return statusOf(error) === 403 || statusOf(error) === 404;
}
