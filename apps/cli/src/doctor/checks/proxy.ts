import { PROXY_ADVICE } from "@tac8/core/app/useProxy";
import type { Proxy } from "@tac8/core/config/proxy";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { connect } from "node:net";
import type { Check } from "../check.ts";
import { ok, problem, type Finding } from "../finding.ts";

const ANSWER_MS = 8000;

/** The response of a proxy to a request for a connection to GitHub. */
export type ProxyAnswer =
  { readonly kind: "status"; readonly status: number } | { readonly kind: "no answer"; readonly why: string };

/** Without a proxy in the environment, the check has no findings. */
export const proxy: Check = {
  name: "Proxy",
  limitMs: 2 * ANSWER_MS,
  async inspect({ proxy: { used, set, usable }, config }, signal) {
    if (used === null)
      return set ? [ok("direct connection to GitHub, because of NO_PROXY or because it is on this machine")] : [];
    if (!usable) return [cannotUse(used)];
    const url = new URL(config.github.api_url);
    return [evaluateProxy({ proxy: used, host: url.hostname, answer: await askProxy(used, { url, signal }) })];
  },
};

/** Pure. */
export function evaluateProxy(given: { proxy: Proxy; host: string; answer: ProxyAnswer }): Finding {
  const { proxy: found, host, answer } = given;
  const named = `the proxy ${found.shown} (${found.variable})`;
  const advice = found.variable === "TAC8_EXIT" ? EXIT_ADVICE : ADVICE;
  if (answer.kind === "no answer")
    return problem(`${named} does not respond: ${answer.why}`, advice.silent(found.variable, host));
  const { status } = answer;
  if (status >= 200 && status < 300) return ok(`connection to GitHub through ${named}`);
  if (status === 407) return problem(`${named} refuses the credentials`, advice.credentials(found.variable));
  return problem(`${named} refuses to connect to ${host}: status ${status}`, advice.refused(host));
}

const ADVICE = {
  silent: (variable: string, host: string) =>
    `start it, change ${variable}, or add ${host} to NO_PROXY to connect directly`,
  credentials: (variable: string) => `set them in ${variable}: http://USER:PASSWORD@HOST:PORT`,
  refused: (host: string) => `allow ${host} in the proxy, or add it to NO_PROXY`,
};

/** Advice for the exit of runners in containers. */
const EXIT_ADVICE = {
  silent: () => "run docker compose up -d, and read docker compose logs exit",
  credentials: () =>
    "TAC8_EXIT_PASSWORD_FILE names the file; run docker compose up -d --force-recreate exit runner to read it again",
  refused: (host: string) =>
    `docker compose logs exit has the reason; if ${host} is on a private address, add HOST:PORT to TAC8_EXIT_ALLOW`,
};

function cannotUse({ variable }: Proxy): Finding {
  return problem(`${variable} is set, but Node ${process.version} cannot use a proxy`, PROXY_ADVICE);
}

/** Check only whether a SOCKS proxy listens, not which connections it allows. */
async function connectTo({
  signal,
  ...address
}: {
  host: string;
  port: number;
  signal: AbortSignal;
}): Promise<ProxyAnswer> {
  const socket = connect(address);
  try {
    await once(socket, "connect", { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]) });
    return { kind: "status", status: 200 };
  } catch (error) {
    return { kind: "no answer", why: whyOf(error as NodeJS.ErrnoException) };
  } finally {
    socket.destroy();
  }
}

function whyOf(error: NodeJS.ErrnoException): string {
  const late = error.name === "AbortError" || error.name === "TimeoutError";
  return late ? `no response within ${ANSWER_MS / 1000} s` : (error.code ?? error.message);
}

/** Ask a proxy for a tunnel, as every HTTPS request does. For HTTP, ask it for the page itself. */
function askProxy(found: Proxy, { url, signal }: { url: URL; signal: AbortSignal }): Promise<ProxyAnswer> {
  const { protocol, hostname, port, username, password } = new URL(found.url);
  if (protocol.startsWith("socks")) return connectTo({ host: hostname, port: Number(port || 1080), signal });
  const tunnel = url.protocol === "https:";
  const target = `${url.hostname}:${url.port || "443"}`;
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  const { promise, resolve } = Promise.withResolvers<ProxyAnswer>();
  const request = (protocol === "https:" ? https : http).request({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port || (protocol === "https:" ? 443 : 80),
    method: tunnel ? "CONNECT" : "HEAD",
    path: tunnel ? target : url.href,
    headers: {
      host: tunnel ? target : url.host,
      ...(username === "" ? {} : { "proxy-authorization": `Basic ${basic}` }),
    },
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
  });
  request.once("connect", ({ statusCode }, socket) => {
    socket.destroy();
    resolve({ kind: "status", status: statusCode ?? 0 });
  });
  // For HTTP, every response except these refusals of the proxy comes from GitHub.
  request.once("response", ({ statusCode = 0 }) => {
    const refused = tunnel || [407, 502, 503, 504].includes(statusCode);
    resolve({ kind: "status", status: refused ? statusCode : 200 });
    request.destroy();
  });
  request.once("error", (error) => resolve({ kind: "no answer", why: whyOf(error) }));
  request.end();
  return promise;
}
