import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { isIP } from "node:net";
import { StartupProblem } from "@tac8/core/app/main";
import { isLoopback } from "@tac8/core/board/loopback";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Time for open connections to finish when the server closes. */
const CLOSE_MS = 1000;

/** Start the server. @throws StartupProblem with a one-line message if the port is in use or the address is not of this machine */
export async function listen(handler: RequestListener, { host, port }: Address): Promise<Server> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, handler);
  server.maxConnections = 500;
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new StartupProblem(explain(error as NodeJS.ErrnoException, { host, port }), { cause: error });
  }
  return server;
}

/**
 * Return the address to open in a browser on this machine. A loopback name is replaced by the address that the server listens on,
 * because the browser may choose another address of that name, where a program of another user may listen.
 */
export function urlOf(server: Server, host: string): string {
  const found = server.address();
  const { port, address } = found !== null && typeof found === "object" ? found : { port: 0, address: host };
  const name = isEverywhere(host) ? "127.0.0.1" : isLoopback(host) ? address : host;
  return `http://${isIP(name) === 6 ? `[${name}]` : name}:${port}`;
}

/** Whether a server at this host listens on all addresses of the machine. */
export function isEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** Close the server and, after `CLOSE_MS`, all connections that are still open. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(timer);
}

function explain(error: NodeJS.ErrnoException, { host, port }: Address): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} of ${host} is in use: stop the program that uses it, or choose another port with board.port or TAC8_BOARD_PORT`;
    case "EACCES":
      return `no permission to listen on port ${port}: choose a port above 1023 with board.port or TAC8_BOARD_PORT`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is not an address of this machine: change board.host (127.0.0.1, or 0.0.0.0 for all)`;
    case undefined:
    default:
      return `cannot listen on ${host}, port ${port} (board.host, board.port): ${error.message}`;
  }
}
