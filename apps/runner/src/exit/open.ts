import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { setTimeout as sleep } from "node:timers/promises";
import type { AllowedHost } from "@tac8/core/config/allowedHost";
import type { Logger } from "@tac8/core/log/logger";
import { logAtMost } from "@tac8/core/log/throttleLog";
import { ownAddresses } from "../egress/addresses.ts";
import { say, sayOnSocket } from "../egress/answers.ts";
import { boundedLookup, createDialer, lookupAll, type DialDeps } from "../egress/dial.ts";
import { OpenSockets } from "../egress/openSockets.ts";
import { plain } from "../egress/plain.ts";
import { shownTarget } from "../egress/policy.ts";
import { createProxyServer } from "../egress/server.ts";
import { tunnel } from "../egress/tunnel.ts";
import type { Way } from "../egress/way.ts";
import { exitPolicy } from "./allow.ts";
import { Door } from "./door.ts";
import { RefusalLog } from "./refusalLog.ts";

export interface ExitOptions {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  readonly password: string;
  /** Hosts that may have private addresses. */
  readonly allow: readonly AllowedHost[];
  /** The exit's own environment: its proxy is used. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  readonly log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  readonly now?: () => number;
  /** Before the answer to a wrong password, when there were many: a second. */
  readonly pause?: () => Promise<unknown>;
  readonly deps?: Partial<DialDeps>;
  /** Time for the head of a request, in ms. */
  readonly headMs?: number;
}

/** The only way out for runners in containers. */
export interface Exit {
  readonly port: number;
  /** Ends every connection. Idempotent. */
  close(): Promise<void>;
}

/** Names that are resolved at once: more than Node's threads would only wait for them. */
const LOOKUPS = 3;
const LOG_MS = 30_000;
const CHALLENGE = 'Basic realm="tac8 exit"';
const NO_PASSWORD = "tac8: the exit requires its password, which only the runner has";
const FULL = "tac8: the exit has too many connections";

/**
 * Opens an HTTP proxy that demands a password, and connects to public addresses and to what `allow` lists. Clients are hostile:
 * what they send ends their connection and nothing else.
 * @throws Error when it cannot listen
 */
export async function openExit(options: ExitOptions): Promise<Exit> {
  const { host, port, password, allow, proxyEnv, log, now = Date.now, pause = () => sleep(1000), deps = {} } = options;
  const policy = exitPolicy(allow);
  const door = new Door(password, { now, pause });
  const refusals = new RefusalLog(log, now);
  const [logNone, logWrong] = [logAtMost({ log, every: LOG_MS, now }), logAtMost({ log, every: LOG_MS, now })];
  const dialer = createDialer({
    policy,
    proxyEnv,
    lookup: boundedLookup(deps.lookup ?? lookupAll, { atOnce: LOOKUPS }),
    ownAddresses: deps.ownAddresses ?? ownAddresses,
    ca: deps.ca,
  });
  const sockets = new OpenSockets();
  let closing: Promise<void> | null = null;
  const way: Way = {
    policy,
    dialer,
    keep: sockets.keep,
    async refuse(target, why, answer) {
      const name = target === null ? "an unreadable address" : shownTarget(target);
      refusals.add(name, why);
      const cure =
        target === null
          ? ""
          : `; the operator can add ${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port} to TAC8_EXIT_ALLOW`;
      answer(`tac8: the exit does not connect to ${name}: ${why}${cure}`);
    },
  };

  async function refused({ socket }: IncomingMessage, decision: "asked" | "refused"): Promise<void> {
    const from = socket.remoteAddress;
    if (decision === "asked") return logNone("info", { from }, "a client gave no password to the exit");
    logWrong("warn", { from }, "a client gave a wrong password to the exit");
    await door.slow();
  }

  const server = createProxyServer({
    async request(request: IncomingMessage, response: ServerResponse) {
      if (request.method === "GET" && request.url === "/healthz") return say(response, 200, "ok");
      const decision = door.decide(request);
      if (decision === "full") return say(response, 503, FULL);
      if (decision !== "admitted") {
        await refused(request, decision);
        response.setHeader("proxy-authenticate", CHALLENGE);
        return say(response, 407, NO_PASSWORD);
      }
      if (request.url?.startsWith("/"))
        return say(response, 400, "tac8: this is an HTTP proxy: expected http://HOST/…");
      return plain(way, request, response);
    },
    async tunnel(request: IncomingMessage, client: Socket, head: Buffer) {
      const decision = door.decide(request);
      if (decision === "full") return sayOnSocket(client, "503 Service Unavailable", FULL);
      if (decision !== "admitted") {
        await refused(request, decision);
        const challenge = `Proxy-Authenticate: ${CHALLENGE}`;
        return sayOnSocket(client, "407 Proxy Authentication Required", NO_PASSWORD, [challenge]);
      }
      return tunnel(way, { request, client, head });
    },
    ...(options.headMs === undefined ? {} : { headMs: options.headMs }),
  });
  server.on("connection", (socket: Socket) => door.arrived(way.keep(socket)));
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      (closing ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        sockets.end();
      })),
  };
}
