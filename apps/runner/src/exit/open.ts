import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { setTimeout as sleep } from "node:timers/promises";
import type { AllowedHost } from "@tac8/core/config/allowedHost";
import type { Logger } from "@tac8/core/log/logger";
import { logAtMost } from "@tac8/core/log/throttleLog";
import { ownAddresses } from "../egress/addresses.ts";
import { sendLine, sendLineOnSocket } from "../egress/answers.ts";
import { boundedLookup, createDialer, lookupAll, type DialDeps } from "../egress/dial.ts";
import { OpenSockets } from "../egress/openSockets.ts";
import { plain } from "../egress/plain.ts";
import { shownTarget } from "../egress/policy.ts";
import { createProxyServer } from "../egress/server.ts";
import { tunnel } from "../egress/tunnel.ts";
import type { RouteContext } from "../egress/routeContext.ts";
import { exitPolicy } from "./allow.ts";
import { AccessControl } from "./accessControl.ts";
import { RefusalLog } from "./refusalLog.ts";

export interface ExitOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly password: string;
  /** Hosts that may have private addresses. */
  readonly allow: readonly AllowedHost[];
  /** The exit's own environment, whose proxy is used. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  readonly log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  readonly now?: () => number;
  /** Delay before the answer to a wrong password, after many of them: one second. */
  readonly pause?: () => Promise<unknown>;
  readonly deps?: Partial<DialDeps>;
  /** Time for the head of a request, in ms. */
  readonly headMs?: number;
}

/** The HTTP proxy through which runners in containers reach other hosts. */
export interface Exit {
  readonly port: number;
  /** Close every connection. Idempotent. */
  close(): Promise<void>;
}

/** Names that are resolved at the same time: more would only wait for Node's threads. */
const LOOKUPS = 3;
const LOG_MS = 30_000;
const CHALLENGE = 'Basic realm="tac8 exit"';
const NO_PASSWORD = "tac8: the exit requires its password, which only the runner has";
const FULL = "tac8: the exit has too many connections";

/**
 * Open an HTTP proxy that requires a password, and connects to public addresses and to the hosts of `allow`. Clients
 * are hostile: their input can only end their own connection.
 * @throws Error if it cannot listen
 */
export async function openExit(options: ExitOptions): Promise<Exit> {
  const { host, port, password, allow, proxyEnv, log, now = Date.now, pause = () => sleep(1000), deps = {} } = options;
  const policy = exitPolicy(allow);
  const access = new AccessControl(password, { now, pause });
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
  const context: RouteContext = {
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
    if (decision === "asked") return logNone("info", { from }, "refused a client without the exit's password");
    logWrong("warn", { from }, "refused a client with a wrong password");
    await access.delayRefusal();
  }

  const server = createProxyServer({
    async request(request: IncomingMessage, response: ServerResponse) {
      if (request.method === "GET" && request.url === "/healthz") return sendLine(response, 200, "ok");
      const decision = access.decide(request);
      if (decision === "full") return sendLine(response, 503, FULL);
      if (decision !== "admitted") {
        await refused(request, decision);
        response.setHeader("proxy-authenticate", CHALLENGE);
        return sendLine(response, 407, NO_PASSWORD);
      }
      if (request.url?.startsWith("/"))
        return sendLine(response, 400, "tac8: this is an HTTP proxy: expected http://HOST/…");
      return plain(context, request, response);
    },
    async tunnel(request: IncomingMessage, client: Socket, head: Buffer) {
      const decision = access.decide(request);
      if (decision === "full") return sendLineOnSocket(client, "503 Service Unavailable", FULL);
      if (decision !== "admitted") {
        await refused(request, decision);
        const challenge = `Proxy-Authenticate: ${CHALLENGE}`;
        return sendLineOnSocket(client, "407 Proxy Authentication Required", NO_PASSWORD, [challenge]);
      }
      return tunnel(context, { request, client, head });
    },
    ...(options.headMs === undefined ? {} : { headMs: options.headMs }),
  });
  server.on("connection", (socket: Socket) => access.add(context.keep(socket)));
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
