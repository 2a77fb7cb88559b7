import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { connect, createServer, isIP, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { passwordOf, redisAddress } from "@tac8/core/config/redisUrl";
import type { Logger } from "@tac8/core/log/logger";
import { logAtMost } from "@tac8/core/log/throttleLog";
import { redisErrorText } from "@tac8/core/queue/redisErrors";

export interface RedisTunnelOptions {
  /** Path of the Unix socket, which only its owner can open. An existing file is replaced. */
  readonly socket: string;
  /** `redis://` or `rediss://` address with user, password and database. */
  readonly url: string;
  /** Certificate of the CA of a `rediss://` server, as PEM; null for the CAs of Node. */
  readonly ca: string | null;
  readonly log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  readonly now?: () => number;
}

export interface RedisTunnel {
  /** Check that Redis answers through the tunnel. @throws Error if it does not */
  ping(): Promise<void>;
  /** End every connection. Idempotent. */
  close(): Promise<void>;
}

/** Limit of connections. A runner with many slots needs fewer. */
const MAX_CLIENTS = 500;
const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;
const LOG_MS = 30_000;
/** Limit of a reply to AUTH, SELECT or PING. */
const MAX_REPLY = 1000;
const OK = "+OK";

/**
 * Open a Unix socket that forwards connections to a Redis on another machine: with TLS if the address has it, authenticated, and with
 * the database selected. Programs without network access use the socket like a local Redis.
 * @throws Error if it cannot listen on the socket
 */
export async function openRedisTunnel(options: RedisTunnelOptions): Promise<RedisTunnel> {
  const { socket: path, url, ca, log, now = Date.now } = options;
  const where = redisAddress(url);
  const report = logAtMost({ log, every: LOG_MS, now });
  const open = new Set<Socket>();
  let closing: Promise<void> | null = null;

  function keep(socket: Socket): Socket {
    if (closing !== null) socket.destroy();
    open.add(socket);
    // The event `close` follows, and is handled below.
    socket.on("error", (error) => log.debug({ err: error }, "a connection to Redis ended"));
    return socket.once("close", () => open.delete(socket));
  }

  /** Open an authenticated connection to Redis. @throws Error with a message for the operator */
  async function signedIn(more: readonly (readonly string[])[] = []): Promise<{ server: Socket; replies: string[] }> {
    const server = keep(dial(url, ca));
    try {
      const commands = [...welcome(url), ...more];
      const limit = AbortSignal.timeout(CONNECT_MS);
      await once(server, isTls(url) ? "secureConnect" : "connect", { signal: limit });
      if (commands.length === 0) return { server, replies: [] };
      server.write(commands.map(encode).join(""));
      const replies = await readLines(server, commands.length, limit);
      const refused = replies.slice(0, commands.length - more.length).find((reply) => reply !== OK);
      if (refused !== undefined) throw new Error(`it answers ${JSON.stringify(refused)}`);
      return { server, replies };
    } catch (error) {
      server.destroy();
      throw error;
    }
  }

  async function serve(client: Socket): Promise<void> {
    try {
      const { server } = await signedIn();
      client.once("close", () => server.destroy());
      server.once("close", () => client.destroy());
      if (client.destroyed) server.destroy();
      client.pipe(server);
      server.pipe(client);
    } catch (error) {
      report("warn", {}, `cannot reach Redis at ${where}: ${redisErrorText(error as Error)}`);
      // Clients try again immediately, so this delay limits their tries.
      await sleep(100);
      client.destroy();
    }
  }

  await rm(path, { force: true });
  const listener = createServer({ pauseOnConnect: true }, (client) => void serve(keep(client)));
  listener.maxConnections = MAX_CLIENTS;
  listener.listen(path);
  await once(listener, "listening");
  await chmod(path, 0o600);
  return {
    async ping() {
      const { server, replies } = await signedIn([["PING"]]).catch((error: Error) => {
        report("warn", {}, `cannot reach Redis at ${where}: ${redisErrorText(error)}`);
        throw error;
      });
      server.destroy();
      if (replies.at(-1) !== "+PONG") throw new Error(`Redis answers ${JSON.stringify(replies.at(-1))}`);
    },
    close: () =>
      (closing ??= new Promise<void>((resolve) => {
        listener.close(() => resolve());
        for (const socket of open) socket.destroy();
      })),
  };
}

const isTls = (url: string): boolean => new URL(url).protocol === "rediss:";

function dial(url: string, ca: string | null): Socket {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const at = { host, port: Number(port) || 6379, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  if (!isTls(url)) return connect(at);
  return connectTls({ ...at, ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === null ? {} : { ca }) });
}

/** Return the first commands of a connection to the address. Pure. */
export function welcome(url: string): string[][] {
  const { username, pathname } = new URL(url);
  const password = passwordOf(url);
  const user = username === "" ? [] : [decodeURIComponent(username)];
  const db = pathname.replace(/^\//, "");
  return [...(password ? [["AUTH", ...user, password]] : []), ...(Number(db) > 0 ? [["SELECT", db]] : [])];
}

function encode(words: readonly string[]): string {
  return [`*${words.length}`, ...words.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]), ""].join("\r\n");
}

/** Read `count` lines, which is everything that the server sends before it gets another command. */
async function readLines(server: Socket, count: number, signal: AbortSignal): Promise<string[]> {
  let text = "";
  while (text.split("\r\n").length <= count) {
    const ended = once(server, "close", { signal }).then(() => {
      throw Object.assign(new Error("the server closed the connection"), { code: "ECONNRESET" });
    });
    const [chunk] = (await Promise.race([once(server, "data", { signal }), ended])) as [Buffer];
    server.pause();
    text += chunk.toString("latin1");
    if (text.startsWith("-") || text.length > MAX_REPLY) break;
    server.resume();
  }
  return text.slice(0, MAX_REPLY).split("\r\n").slice(0, count);
}
