import { once } from "node:events";
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface LocalProxy {
  /** `http://127.0.0.1:<port>`, without credentials. */
  readonly url: string;
  /** Each request so far: `CONNECT host:port`, or method and address of one for a page. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

const CHALLENGE = { "proxy-authenticate": 'Basic realm="x"' };

/**
 * An HTTP proxy on loopback, for both ways of asking one: a tunnel, and a page by its whole address. It knows only the given names,
 * each with the port of a server on this machine, whatever port is asked for.
 * @param credentials `USER:PASSWORD` that it wants
 */
export async function startProxy(given: {
  readonly hosts: Readonly<Record<string, number>>;
  readonly credentials?: string;
}): Promise<LocalProxy> {
  const { hosts, credentials } = given;
  const seen: string[] = [];
  const open = new Set<Duplex>();
  const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
  const refusal = (request: IncomingMessage, host: string): number | null => {
    seen.push(`${request.method} ${request.url}`);
    if (wanted !== undefined && request.headers["proxy-authorization"] !== wanted) return 407;
    return hosts[host] === undefined ? 502 : null;
  };

  const onPage = (request: IncomingMessage, response: ServerResponse): void => {
    const { hostname, pathname, search } = new URL(request.url ?? "", "http://nowhere.invalid");
    const status = refusal(request, hostname);
    if (status !== null) return void response.writeHead(status, CHALLENGE).end();
    const { method, headers } = request;
    const onward = ask({ host: "127.0.0.1", port: hosts[hostname], method, path: pathname + search, headers });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  };

  const onTunnel = (request: IncomingMessage, client: Duplex, head: Buffer): void => {
    client.on("error", () => undefined);
    const { hostname } = new URL(`http://${request.url}`);
    const status = refusal(request, hostname);
    if (status !== null)
      return void client.end(`HTTP/1.1 ${status} No\r\nproxy-authenticate: ${CHALLENGE["proxy-authenticate"]}\r\n\r\n`);
    const server = connect(hosts[hostname] ?? 0, "127.0.0.1");
    for (const end of [client, server]) {
      open.add(end);
      end.once("close", () => open.delete(end));
    }
    server.on("error", () => client.destroy());
    server.once("connect", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      server.write(head);
      client.pipe(server).pipe(client);
    });
  };

  const proxy = createServer(onPage).on("connect", onTunnel);
  proxy.on("connection", (socket: Socket) => socket.on("error", () => undefined));
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    seen,
    async close() {
      const closed = once(proxy, "close");
      proxy.close();
      proxy.closeAllConnections();
      for (const end of open) end.destroy();
      await closed;
    },
  };
}
