import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { startPage, textPage } from "./page.ts";

export interface CodeServer {
  /** The address to open in the operator's browser. It cannot be guessed, and is reachable only from this machine. */
  readonly url: string;
  readonly port: number;
  /** Resolves with the code of the App that GitHub has created. */
  readonly code: Promise<string>;
  /** Return the code in an address that the browser was redirected to, or the code itself; null: neither, or of another request. */
  readonly read: (text: string) => string | null;
  readonly close: () => Promise<void>;
}

interface Options {
  /** Returns the address of GitHub's page that accepts the manifest. */
  readonly actionFor: (state: string) => string;
  readonly manifestFor: (redirectUrl: string) => object;
}

const CODE = /^[A-Za-z0-9_-]{10,200}$/;
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "referrer-policy": "strict-origin",
  "x-frame-options": "DENY",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
};

/** Start a server on loopback with the page that sends the manifest to GitHub, and the page to which GitHub redirects the browser. */
export async function receiveCode({ actionFor, manifestFor }: Options): Promise<CodeServer> {
  const state = randomBytes(24).toString("base64url");
  const start = `/${randomBytes(24).toString("base64url")}`;
  const { promise: code, resolve } = Promise.withResolvers<string>();
  const server = createServer((request, response) => answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const page = startPage({ action: actionFor(state), manifest: manifestFor(`${origin}/made`) });

  function codeOf(url: URL): string | null {
    const given = url.searchParams.get("code") ?? "";
    return isSame(url.searchParams.get("state") ?? "", state) && CODE.test(given) ? given : null;
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const send = (status: number, body: string) => void response.writeHead(status, HEADERS).end(body);
    // A request with another host comes from a foreign page (DNS rebinding).
    const isOurs = [`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.host ?? "");
    const url = URL.parse(request.url ?? "/", origin);
    if (!isOurs || url === null || request.method !== "GET") return send(404, textPage("Page not found", ""));
    if (isSame(url.pathname, start)) return send(200, page);
    if (url.pathname !== "/made")
      return send(404, textPage("Page not found", "Use the complete address that tac8 printed."));
    const found = codeOf(url);
    if (found === null)
      return send(
        403,
        textPage("This App does not belong to this run of tac8 init", "Start at the address that tac8 printed."),
      );
    send(
      200,
      textPage("The App is created", "Continue in the terminal, where tac8 prints the address for its installation."),
    );
    resolve(found);
  }

  return {
    url: origin + start,
    port,
    code,
    read(text) {
      const url = URL.parse(text.trim());
      return url === null ? (CODE.test(text.trim()) ? text.trim() : null) : codeOf(url);
    },
    async close() {
      server.closeAllConnections();
      if (server.listening) await new Promise((done) => server.close(done));
    },
  };
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
