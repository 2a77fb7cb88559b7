import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { sendLine } from "./answers.ts";
import { wordsOf } from "./routeContext.ts";

export interface ProxyHandlers {
  /** Handle a request that is not `CONNECT`. */
  readonly request: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Handle `CONNECT`. `head`: data that the client has sent after the head of the request. */
  readonly tunnel: (request: IncomingMessage, client: Socket, head: Buffer) => Promise<void>;
  /** Time for the head of a request, in ms. */
  readonly headMs?: number;
}

const MAX_HEAD_BYTES = 32 * 1024;
const HEAD_MS = 15_000;
const REQUEST_MS = 10 * 60_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * Create an HTTP proxy for hostile clients: heads and times are bounded, and a client's input can only end its own
 * connection.
 */
export function createProxyServer({ request, tunnel, headMs = HEAD_MS }: ProxyHandlers): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: headMs,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(2000, headMs),
      requireHostHeader: false,
    },
    (asked, response) => {
      // A client that disconnects during the answer is not an error.
      response.on("error", () => response.destroy());
      request(asked, response).catch((error: unknown) =>
        sendLine(response, 502, `tac8: the request failed: ${wordsOf(error)}`),
      );
    },
  );
  server.on("connect", (asked: IncomingMessage, client: Duplex, head: Buffer) => {
    const socket = client as Socket;
    socket.on("error", () => socket.destroy());
    tunnel(asked, socket, head).catch(() => socket.destroy());
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const status = error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
    else socket.destroy();
  });
  return server;
}
