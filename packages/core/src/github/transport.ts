import { createEtagCache } from "./etagCache.ts";
import type { CachedResponse } from "./etagCache.ts";
import type { Counters, RateLimit } from "./types.ts";

export interface Transport {
  fetch: typeof fetch;
  readonly counters: Counters;
  readonly rateLimit: RateLimit | null;
}

/** A page with 100 issues of 64 kB each, in escaped JSON, is much smaller. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * Create the `fetch` that Octokit uses. Each try has its own time limit, including the body. GETs are conditional: a 304 returns the cached
 * response. A successful response whose body is incomplete JSON is thrown as a network failure, because Octokit would return it as a
 * string with status 200, and an incomplete list would look like an empty one.
 */
export function createTransport({ timeoutMs }: { timeoutMs: number }): Transport {
  const cache = createEtagCache();
  const counters: Counters = { requests: 0, notModified: 0 };
  let rateLimit: RateLimit | null = null;

  const send: typeof fetch = async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init.headers);
    const isGet = (init.method ?? "GET") === "GET";
    const known = isGet ? cache.get(url) : undefined;
    if (known !== undefined) headers.set("if-none-match", known.etag);
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;

    signal.throwIfAborted();
    counters.requests += 1;
    const response = await fetch(url, { ...init, headers, signal });
    rateLimit = readRateLimit(response.headers) ?? rateLimit;
    const body = await readBody(response);
    if (response.status === 304 && known !== undefined) {
      counters.notModified += 1;
      return replay(known);
    }
    if (!response.ok || response.status === 204 || response.status === 205) return rebuild(response, body);
    // Without a cause: the parser's message quotes the body.
    if (!isJson(body)) throw new TypeError(`the response is incomplete JSON (${body.length} characters)`);
    const etag = response.headers.get("etag");
    if (isGet && etag !== null) {
      const contentType = response.headers.get("content-type") ?? "application/json";
      cache.set(url, { etag, body, link: response.headers.get("link"), contentType });
    }
    return rebuild(response, body);
  };

  return {
    fetch: send,
    counters,
    get rateLimit() {
      return rateLimit;
    },
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function replay({ body, contentType, link }: CachedResponse): Response {
  return new Response(body, { headers: { "content-type": contentType, ...(link === null ? {} : { link }) } });
}

function rebuild(response: Response, body: string): Response {
  const empty = [204, 205, 304].includes(response.status);
  const { status, statusText, headers } = response;
  const plain = new Headers(headers);
  plain.delete("content-encoding"); // the body is already decoded
  plain.delete("content-length");
  return new Response(empty ? null : body, { status, statusText, headers: plain });
}

async function readBody(response: Response): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new TypeError(`the response is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Read the rate limit of the REST API. GraphQL has its own limit. */
function readRateLimit(headers: Headers): RateLimit | null {
  if (headers.get("x-ratelimit-resource") === "graphql") return null;
  const [limit, remaining, reset] = ["limit", "remaining", "reset"].map((name) => {
    const value = headers.get(`x-ratelimit-${name}`);
    return value === null || value === "" ? Number.NaN : Number(value);
  });
  if (limit === undefined || remaining === undefined || reset === undefined) return null;
  return [limit, remaining, reset].every(Number.isFinite) ? { limit, remaining, resetAt: reset * 1000 } : null;
}
