import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";

import { pino } from "pino";

import { oneToken } from "./tokens.ts";
import { createGitHub, type GitHub, type GitHubOptions } from "./client.ts";

export interface ReceivedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

/** `drop`: the connection ends without an answer. `cutAt`: it ends within the body, as if that were all. */
export type Reply =
  | "drop"
  | "silence"
  | { status?: number; headers?: Record<string, string>; json?: unknown; cutAt?: number; etag?: boolean };

export interface TestServer {
  url: string;
  seen: ReceivedRequest[];
  /** `METHOD path` of each request so far. */
  calls: () => string[];
  /** A client of this server that does not space its writes and tries again soon, and the lines it logs. */
  client: (options?: Partial<GitHubOptions>) => GitHub;
  logged: string[];
  close: () => Promise<void>;
}

/** A real HTTP server on a free port of the loopback interface. */
export async function startServer(handle: (request: ReceivedRequest) => Reply): Promise<TestServer> {
  const seen: ReceivedRequest[] = [];
  const logged: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const entry: ReceivedRequest = {
        method: request.method ?? "",
        path: decodeURIComponent(url.pathname),
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(entry);
      const reply = handle(entry);
      if (reply === "silence") return;
      if (reply === "drop") {
        request.socket.destroy();
        return;
      }
      const { status = 200, headers = {}, json, cutAt, etag = false } = reply;
      const body = (json === undefined ? "" : JSON.stringify(json)).slice(0, cutAt);
      const tag = `W/"${createHash("sha256")
        .update(body + (headers["link"] ?? ""))
        .digest("hex")}"`;
      if (etag && request.headers["if-none-match"] === tag) {
        response.writeHead(304, { etag: tag }).end();
        return;
      }
      response.writeHead(status, {
        ...(json === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
        ...(etag ? { etag: tag } : {}),
        ...headers,
      });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the test server has no port");
  const url = `http://127.0.0.1:${address.port}`;
  const log = pino({ level: "trace" }, { write: (line: string) => void logged.push(line) });
  return {
    url,
    seen,
    calls: () => seen.map(({ method, path }) => `${method} ${path}`),
    client: (options = {}) => {
      const soon = { writeIntervalMs: 0, retryBaseMs: 10 };
      return createGitHub({
        apiUrl: url,
        tokens: oneToken({ token: "token-canary" }),
        secrets: ["token-canary"],
        log,
        ...soon,
        now: () => Date.now(),
        ...options,
      });
    },
    logged,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A comment without a marker. */
export const words = (text: string) => ({ marker: null, text });

/** GitHub's JSON of an issue of `o/r`, as far as it is read. */
export function rawIssue(number: number, more: Record<string, unknown> = {}) {
  return {
    number,
    title: `Issue ${number}`,
    body: null,
    state: "open",
    state_reason: null,
    labels: [{ name: "RPI-auto" }],
    locked: false,
    user: { login: "octo", type: "User" },
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-02T00:00:00Z",
    html_url: `http://web/o/r/issues/${number}`,
    repository_url: "http://api/repos/O/R",
    ...more,
  };
}

export function rawComment(id: number, issue: number, more: Record<string, unknown> = {}) {
  return {
    id,
    body: `Comment ${id}`,
    user: { login: "octo", type: "User" },
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    issue_url: `http://api/repos/o/r/issues/${issue}`,
    html_url: `http://web/o/r/issues/${issue}#issuecomment-${id}`,
    ...more,
  };
}

export function rawPull(number: number, ref: string, more: Record<string, unknown> = {}) {
  return {
    number,
    html_url: `http://web/o/r/pull/${number}`,
    state: "open",
    merged_at: null,
    head: { ref, sha: "a".repeat(40), repo: { full_name: "O/r" } },
    base: { ref: "main" },
    body: null,
    draft: false,
    ...more,
  };
}
