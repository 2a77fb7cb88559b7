import { createHash } from "node:crypto";
import { ApiError, json, notFound, type Answer } from "../answer.ts";
import { checkAreas } from "../areas.ts";
import type { Token, User } from "../model.ts";
import type { Urls } from "../present.ts";
import { appRoutes, type AppRoute } from "../routes/apps.ts";
import { movedTo, type Call, type PlainRoute, type RepositoryRoute } from "../routes/route.ts";
import { PLAIN_ROUTES, REPOSITORY_ROUTES } from "../routes/table.ts";
import { RATE, rateReset } from "../routes/user.ts";
import { answerGraphql } from "../graphql/answer.ts";
import { fullName, type Store } from "../store.ts";

export interface ApiRequest {
  readonly store: Store;
  readonly urls: Urls;
  readonly method: string;
  /** As asked; `path` is its path without the prefix of an Enterprise server. */
  readonly url: URL;
  readonly path: string;
  readonly headers: { readonly authorization?: string | undefined; readonly "if-none-match"?: string | undefined };
  readonly body: Buffer;
}

interface Matched<R> {
  readonly route: R;
  readonly params: Record<string, string>;
}

const plain = PLAIN_ROUTES.map(compile);
const ofApps = appRoutes.map(compile);
const inRepository = REPOSITORY_ROUTES.map(compile);

/** Answers one REST call; every error is an answer too, but for a bug of ours, which is thrown. */
export async function answerApi(request: ApiRequest): Promise<Answer> {
  try {
    const answer = await run(request);
    return atTime(request.store, withEtag(request, answer));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return atTime(request.store, withRate(json(error.status, error.body, error.headers)));
  }
}

/** By its own clock, where that is not the machine's. */
function atTime(store: Store, answer: Answer): Answer {
  if (store.clockAheadMs === 0) return answer;
  return { ...answer, headers: { ...answer.headers, date: new Date(store.now()).toUTCString() } };
}

async function run(request: ApiRequest): Promise<Answer> {
  const { store, method, url, urls, path } = request;
  const ofApp = match<AppRoute>(ofApps, method, path);
  if (ofApp !== undefined) {
    const { authorization } = request.headers;
    return ofApp.route.run({ store, urls, authorization, params: ofApp.params, body: parse(request.body) });
  }
  const { user, token } = authenticate(request);
  const call = { store, method, url, urls, user, token, body: parse(request.body) };
  if (method === "POST" && path === "/graphql") return answerGraphql(call);
  const top = match<PlainRoute>(plain, method, path);
  if (top !== undefined) return top.route.run({ ...call, params: top.params });
  return runInRepository({ ...call, params: {} }, path);
}

async function runInRepository(call: Call, path: string): Promise<Answer> {
  const { store, token } = call;
  const [, root, first = "", second = "", rest = ""] =
    /^\/(repos|repositories)\/([^/]+)(?:\/([^/]+))?(.*)$/.exec(path) ?? [];
  const byId = root === "repositories";
  const name = `${decodeURIComponent(first)}/${decodeURIComponent(second)}`;
  const byNumber = byId ? [...store.repositories.values()].find(({ id }) => id === Number(first)) : undefined;
  const known = byId ? byNumber : store.find(name);
  const repository = known ?? store.renamed.get(name.toLowerCase());
  if (repository === undefined) throw notFound();
  const level = store.levelOf(repository, token);
  if (level === "none") throw notFound();
  if (known === undefined) throw movedTo(call, `${call.urls.api}/repos/${fullName(repository)}${rest}`);
  const inside = byId && second !== "" ? `/${second}${rest}` : rest;
  const found = match<RepositoryRoute>(inRepository, call.method, inside);
  if (found === undefined) throw notFound();
  checkAreas({ token, method: call.method, path: inside });
  return found.route.run({ ...call, params: found.params, repository, level });
}

/** Return the account of a token. @throws ApiError 401 for a missing or unknown token */
function authenticate({ store, headers }: ApiRequest): { user: User; token: Token } {
  const [, secret] = /^(?:token|bearer)\s+(\S+)$/i.exec(headers.authorization ?? "") ?? [];
  if (secret === undefined) throw new ApiError(401, "Requires authentication");
  const token = store.token(secret);
  if (token === undefined) throw new ApiError(401, "Bad credentials");
  return { user: store.user(token.login), token };
}

function parse(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (error) {
    throw new ApiError(400, "Problems parsing JSON", { body: { reason: String(error) } });
  }
  if (Array.isArray(value)) return { labels: value };
  if (typeof value !== "object" || value === null) throw new ApiError(400, "Body should be a JSON object");
  return Object.fromEntries(Object.entries(value));
}

/** An ETag covers one page: it comes from the body alone. A 304 has no Link header. */
function withEtag({ method, headers }: ApiRequest, answer: Answer): Answer {
  if (method !== "GET" || answer.status !== 200) return withRate(answer);
  const etag = `W/"${createHash("sha256")
    .update(answer.body ?? "")
    .digest("hex")}"`;
  const known = (headers["if-none-match"] ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  const common = { etag, "cache-control": "private, max-age=60, s-maxage=60" };
  if (known.includes(etag.slice(2))) return withRate({ status: 304, headers: common });
  return withRate({ ...answer, headers: { ...answer.headers, ...common } });
}

function withRate(answer: Answer): Answer {
  const rate = {
    "x-ratelimit-limit": String(RATE.limit),
    "x-ratelimit-remaining": String(RATE.remaining),
    "x-ratelimit-used": String(RATE.used),
    "x-ratelimit-reset": String(rateReset()),
    "x-ratelimit-resource": "core",
    "x-github-request-id": "SAND:BOX",
  };
  return { ...answer, headers: { ...rate, ...answer.headers } };
}

function compile<R extends { readonly method: string; readonly path: string }>(route: R) {
  return { route, pattern: new RegExp(`^${route.path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`) };
}

function match<R extends { readonly method: string }>(
  routes: readonly { readonly route: R; readonly pattern: RegExp }[],
  method: string,
  path: string,
): Matched<R> | undefined {
  for (const { route, pattern } of routes) {
    const groups = route.method === method ? pattern.exec(path) : null;
    if (groups === null) continue;
    const named = Object.entries(groups.groups ?? {});
    return { route, params: Object.fromEntries(named.map(([key, value]) => [key, decodeURIComponent(value)])) };
  }
  return undefined;
}
