import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";

/** Time limit of a connection without data: a model may think for long. */
const IDLE_MS = 15 * 60_000;
const MAX_HEADER_BYTES = 64 * 1024;

/** Headers of a single connection, and headers for a proxy. */
const HOP_BY_HOP = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Headers that frame and address a request. `Connection` cannot remove them: without its length, a body is read as the
 * next request.
 */
const NEVER_NAMED = new Set(["content-length", "transfer-encoding", "host"]);

/** Filter for the body of an answer. */
export interface Passing {
  /** @returns the part that can be passed on */
  write(chunk: Buffer): Buffer;
  /** @returns the rest */
  end(): Buffer;
}

export interface Forward {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** An open connection to the server; it is not reused. */
  readonly socket: Socket;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  /** Change the headers of an answer. Null: the answer is not passed on, because `refuse` has sent another one. */
  readonly onAnswer?: (answer: IncomingMessage, headers: Record<string, string | string[]>) => Passing | null;
  /** Read an answer to its end, even if the client has disconnected. */
  readonly toTheEnd?: boolean;
}

/** Return a request's headers without those of the connection. */
export function passedHeaders(request: Pick<IncomingMessage, "headers">): OutgoingHttpHeaders {
  const named = (request.headers.connection ?? "")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => !NEVER_NAMED.has(name));
  const kept = Object.entries(request.headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name));
  const chunked = request.headers["transfer-encoding"] === undefined ? {} : { "transfer-encoding": "chunked" };
  return { ...Object.fromEntries(kept), ...chunked, connection: "close" };
}

/** Return whether a GET or HEAD has a body, which servers frame in different ways. */
export function isReadWithBody({ method, headers }: Pick<IncomingMessage, "method" | "headers">): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

/**
 * Send one request to the server and its answer back, unbuffered, at the speed of the slower side. Resolves when the
 * answer has been read.
 * @throws Error if the server fails before it answers
 */
export function forward(options: Forward): Promise<void> {
  const { request, response, socket, path, headers, toTheEnd = false } = options;
  if (response.destroyed) {
    socket.destroy();
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const upstream: ClientRequest = httpRequest({
      createConnection: () => socket,
      method: request.method ?? "GET",
      path,
      headers,
      setHost: false,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    upstream.setTimeout(IDLE_MS, () => upstream.destroy(new Error("the server sent nothing for too long")));
    // A connection through another proxy is paused after that proxy's answer, and an HTTP request does not resume it.
    upstream.once("socket", () => socket.resume());
    upstream.on("error", reject);
    upstream.once("close", () => resolve());
    upstream.once("upgrade", (_answer, other: Socket) => other.destroy());
    upstream.once("response", (answer) => passOn(answer, options));
    request.on("error", () => upstream.destroy());
    response.once("close", () => {
      // The server works on a request that it has received, and the work is paid for.
      if (!response.writableFinished && !(toTheEnd && request.complete)) upstream.destroy();
    });
    request.pipe(upstream);
  });
}

function passOn(answer: IncomingMessage, { response, onAnswer }: Forward): void {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name)) headers[name] = value;
  }
  const passing = onAnswer === undefined ? UNCHANGED : onAnswer(answer, headers);
  if (passing === null) return void answer.destroy();
  if (!response.destroyed) {
    response.writeHead(answer.statusCode ?? 502, headers);
    response.flushHeaders();
  }
  const flow = (): void => void answer.resume();
  response.on("drain", flow).once("close", flow);
  answer.on("data", (chunk: Buffer) => {
    const out = passing.write(chunk);
    if (out.length > 0 && !response.destroyed && !response.write(out)) answer.pause();
  });
  answer.once("end", () => {
    const rest = passing.end();
    if (!response.destroyed) response.end(rest);
  });
  answer.on("error", () => void response.destroy());
  // An answer that is cut off has used tokens too.
  answer.once("close", () => void (answer.complete || passing.end()));
}

/** Filter that changes nothing. */
export const UNCHANGED: Passing = { write: (chunk) => chunk, end: () => Buffer.alloc(0) };
