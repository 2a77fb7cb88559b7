import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { answerApi } from "./api.ts";
import { ApiError, json, type Answer } from "../answer.ts";
import { faultFromJson } from "../control.ts";
import type { FaultAction, Faults } from "../faults.ts";
import { answerGit, gitLogin, isGitPath } from "../git-http.ts";
import { answerAppPage, isAppPath } from "../pages/app-pages.ts";
import { answerPage } from "../pages/answer-page.ts";
import type { Store } from "../store.ts";

const MOST_BODY = 8 * 1024 * 1024;
/** Of an Enterprise server: GraphQL is beside the REST API. */
const API_PREFIX = /^\/api(?:\/v3(?=\/|$)|(?=\/graphql$))/;

export interface Site {
  readonly store: Store;
  readonly faults: Faults;
  /** Where people reach the pages. */
  readonly publicUrl: string;
  readonly control: boolean;
}

type Kind = "git" | "api" | "page" | "health" | "control";

/** Serves one request: the REST API, git and the pages share the port. */
export async function serve(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const at = Date.now();
  const method = request.method ?? "GET";
  const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`);
  const path = url.pathname.replace(API_PREFIX, "") || "/";
  const kind = kindOf({ method, url, path, accept: request.headers.accept ?? "" });
  if (kind !== "git" && kind !== "api") return send(request, response, await answerApart({ site, request, url, kind }));
  const log = (status: number) => {
    const login = loginOf(site.store, request) ?? null;
    const entry = { at, method, path, query: url.search, status, login, notModified: status === 304 };
    site.store.logRequest(entry);
  };
  const work = () =>
    kind === "git" ? answerGit({ store: site.store, request, url }) : askApi({ site, request, url, path });
  const action = asksOnly(method, request) ? undefined : site.faults.take(method, path);
  if (action !== undefined && "drop" in action) {
    // The entry is logged before the connection ends, because the client may read the log right afterwards.
    if (action.drop === "before") {
      log(0);
      response.destroy();
      return;
    }
    const answer = await whole(await work());
    log(action.drop === "after" ? 0 : answer.status);
    if (action.drop === "after") response.destroy();
    else sendHalf(response, answer);
    return;
  }
  if (action !== undefined && "delayMs" in action && !(await delay(response, action.delayMs))) return;
  const answer = await faulty(action, work);
  log(answer.status);
  if (action !== undefined && "trickleMs" in action) return trickle(response, await whole(answer), action.trickleMs);
  await send(request, response, answer);
}

/** A POST without fields creates nothing: clients send it to find out whether they may. Faults are for what does something. */
function asksOnly(method: string, { headers }: IncomingMessage): boolean {
  return method === "POST" && Number(headers["content-length"]) <= "{}".length;
}

function kindOf({ method, url, path, accept }: { method: string; url: URL; path: string; accept: string }): Kind {
  if (isGitPath(url.pathname)) return "git";
  if (path === "/healthz") return "health";
  if (path.startsWith("/_sandbox/")) return "control";
  if (API_PREFIX.test(url.pathname)) return "api";
  if (/^\/(user|rate_limit|graphql)$|^\/(repos|repositories)\//.test(path)) return "api";
  if (isAppPath(path)) return "page";
  const form = method === "POST" && /^\/[^/]+\/[^/]+\/(issues|pull)\/\d+$/.test(path);
  return form || (method === "GET" && accept.includes("text/html")) ? "page" : "api";
}

async function answerApart(options: { site: Site; request: IncomingMessage; url: URL; kind: Kind }): Promise<Answer> {
  const { site, request, url, kind } = options;
  if (kind === "health") return json(200, { status: "ok" });
  const body = await readBody(request);
  if (kind === "page" && isAppPath(url.pathname)) return answerAppPage(site.store, { url, body: body.toString() });
  if (kind === "page") return answerPage({ ...site, request, url, body: body.toString() });
  if (!site.control || request.method === "GET") return json(404, { message: "Not Found" });
  if (request.method === "DELETE") site.faults.clear();
  else site.faults.add(faultFromJson(body.toString()));
  return { status: 204 };
}

async function askApi(options: { site: Site; request: IncomingMessage; url: URL; path: string }): Promise<Answer> {
  const { site, request, url, path } = options;
  const prefix = API_PREFIX.exec(url.pathname)?.[0] ?? "";
  const urls = { api: url.origin + prefix, git: url.origin, html: site.publicUrl };
  const body = await readBody(request);
  const method = request.method ?? "GET";
  return answerApi({ store: site.store, urls, method, url, path, headers: request.headers, body });
}

/** Read the body of a request. @throws ApiError 413 if it is too large */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BODY) throw new ApiError(413, "Payload too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @returns whether the client still waits: a server that closes must not wait for what has become of no use */
async function delay(response: ServerResponse, ms: number): Promise<boolean> {
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  return sleep(ms, true, { ref: false, signal: closed.signal }).catch(() => false);
}

async function faulty(action: FaultAction | undefined, work: () => Promise<Answer>): Promise<Answer> {
  if (action === undefined || !("status" in action)) return work();
  if (action.doWork === true) await whole(await work());
  const { status, headers = {}, body = { message: `Server Error (${status})` } } = action;
  return json(status, body, headers);
}

async function whole(answer: Answer): Promise<Answer> {
  if (answer.stream === undefined) return answer;
  const chunks: Buffer[] = [];
  for await (const chunk of answer.stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: answer.status, ...(answer.headers && { headers: answer.headers }), body: Buffer.concat(chunks) };
}

async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  request.resume(); // what nobody read must not stop the next request on this connection
  response.writeHead(answer.status, answer.headers);
  if (answer.stream === undefined) {
    response.end(answer.body);
    return;
  }
  await pipeline(answer.stream, response);
}

/** Without a length, so that the client takes what it got for the whole. */
function sendHalf(response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body ?? "");
  response.writeHead(answer.status, answer.headers);
  response.write(body.subarray(0, Math.floor(body.length / 2)));
  response.end();
}

async function trickle(response: ServerResponse, answer: Answer, ms: number): Promise<void> {
  response.writeHead(answer.status, answer.headers);
  for (const byte of Buffer.from(answer.body ?? "")) {
    if (response.destroyed) return;
    response.write(Uint8Array.of(byte));
    await sleep(ms, undefined, { ref: false });
  }
  response.end();
}

function loginOf(store: Store, request: IncomingMessage): string | undefined {
  const { authorization = "" } = request.headers;
  const [, secret = ""] = /^(?:token|bearer)\s+(\S+)$/i.exec(authorization) ?? [];
  return store.token(secret)?.login ?? gitLogin(store, authorization)?.login;
}
