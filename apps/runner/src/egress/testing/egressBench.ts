import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import {
  createServer as createHttp,
  request,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from "node:http";
import { createServer as createHttps } from "node:https";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { createLogger } from "@tac8/core/log/logger";
import { openEgress, type Egress, type EgressOptions } from "../open.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Real sockets, real TLS with a CA of the test, and names that only the test's name server resolves. */
export interface EgressBench {
  readonly dir: string;
  /** File with the CA's certificate. */
  readonly ca: string;
  /** Lines of the log. */
  readonly log: string[];
  /** Names → addresses, of the test's name server. */
  readonly names: Map<string, readonly string[]>;
  /** Every name that was looked up. */
  readonly asked: string[];
  /** Start a proxy of the machine, which maps `host:port` to a port of loopback. */
  machineProxy(routes: Readonly<Record<string, number>>): Promise<string>;
  serve(listener: RequestListener, hosts?: readonly string[]): Promise<number>;
  /** Start a server that counts connections. */
  listen(host?: string): Promise<{ readonly port: number; readonly seen: Socket[] }>;
  open(options?: Partial<EgressOptions>): Promise<Egress>;
  /** Connect to the newest egress. */
  connect(): Promise<Socket>;
  /** Send a request as a client of the proxy: `path` may be a whole URL. */
  ask(options: { method?: string; path: string; headers?: Record<string, string>; body?: string }): Promise<Answer>;
  /** Send `CONNECT`. @returns the status line, with the body if it is refused */
  tunnel(authority: string): Promise<{ readonly status: number; readonly reply: string; readonly socket: Socket }>;
  tls(socket: Socket, host: string): Promise<TLSSocket>;
  close(): Promise<void>;
}

export async function createEgressBench(): Promise<EgressBench> {
  const dir = await mkdtemp(join(tmpdir(), "tac8-egress-"));
  const ca = join(dir, "ca.pem");
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=tac8 test CA", "-days", "2");
  const servers: (Server | ReturnType<typeof createServer>)[] = [];
  const sockets = new Set<Socket>();
  const egresses: Egress[] = [];
  const log: string[] = [];
  const names = new Map<string, readonly string[]>();
  const asked: string[] = [];
  let folder = "";
  let certificates = 0;

  async function listening(server: Server | ReturnType<typeof createServer>, host: string): Promise<number> {
    servers.push(server);
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
    });
    server.listen(0, host);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  const bench: EgressBench = {
    dir,
    ca,
    log,
    names,
    asked,
    async serve(listener, hosts) {
      if (hosts === undefined) return listening(createHttp(listener), "127.0.0.1");
      const name = `server${(certificates += 1)}`;
      await writeFile(join(dir, `${name}.ext`), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(",")}\n`);
      openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${hosts[0] ?? ""}`);
      const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", `${name}.ext`, "-days", "2"];
      openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...by);
      const [key, cert] = await Promise.all([readFile(join(dir, `${name}.key`)), readFile(join(dir, `${name}.pem`))]);
      return listening(createHttps({ key, cert }, listener), "127.0.0.1");
    },
    async machineProxy(routes) {
      const proxy = createServer((socket) => {
        socket.once("data", (head: Buffer) => {
          const port = routes[/^CONNECT (\S+)/.exec(head.toString())?.[1] ?? ""];
          if (port === undefined) {
            socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
            return;
          }
          const server = connect(port, "127.0.0.1");
          sockets.add(server);
          server.on("error", () => socket.destroy());
          socket.write("HTTP/1.1 200 OK\r\n\r\n");
          socket.pipe(server).pipe(socket);
        });
      });
      return `http://127.0.0.1:${await listening(proxy, "127.0.0.1")}`;
    },
    async listen(host = "127.0.0.1") {
      const seen: Socket[] = [];
      return {
        port: await listening(
          createServer((socket) => void seen.push(socket)),
          host,
        ),
        seen,
      };
    },
    async open(options = {}) {
      folder = options.folder ?? join(dir, `run${egresses.length}`);
      const egress = await openEgress({
        folder,
        port: 1,
        env: {},
        allow: [],
        secrets: {},
        maxUsd: 0,
        prices: {},
        proxyEnv: {},
        log: createLogger({ name: "test", secrets: [], destination: { write: (line) => void log.push(line) } }),
        deps: {
          lookup: async (host) => {
            asked.push(host);
            const found = names.get(host) ?? [];
            return found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
          },
          ca: await readFile(ca, "utf8"),
        },
        ...options,
      });
      egresses.push(egress);
      return egress;
    },
    async connect() {
      const socket = connect({ path: join(folder, "s"), allowHalfOpen: true });
      sockets.add(socket);
      socket.on("error", () => undefined);
      await once(socket, "connect");
      return socket;
    },
    ask: ({ method = "GET", path, headers = {}, body }) =>
      new Promise((resolve, reject) => {
        const client = request({ socketPath: join(folder, "s"), method, path, headers, agent: false });
        client.once("error", reject);
        client.once("response", (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (part: string) => (text += part));
          response.once("error", reject);
          response.once("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
        });
        client.end(body);
      }),
    async tunnel(authority) {
      const socket = await bench.connect();
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
      let reply = "";
      const done = new Promise<void>((resolve) => {
        socket.on("data", (chunk: Buffer) => {
          reply += chunk.toString("latin1");
          if (reply.startsWith("HTTP/1.1 200") && reply.includes("\r\n\r\n")) resolve();
        });
        socket.once("end", resolve).once("close", resolve);
      });
      await done;
      socket.pause().removeAllListeners("data");
      const head = reply.startsWith("HTTP/1.1 200") ? reply.indexOf("\r\n\r\n") + 4 : reply.length;
      if (head < reply.length) socket.unshift(Buffer.from(reply.slice(head), "latin1"));
      return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(reply)?.[1] ?? 0), reply, socket };
    },
    async tls(socket, host) {
      const secure = connectTls({ socket, servername: host, ca: await readFile(ca) });
      secure.on("error", () => undefined);
      await once(secure, "secureConnect");
      return secure;
    },
    async close() {
      // First, so that an egress that does not close its connections fails only its own test.
      for (const socket of sockets) socket.destroy();
      for (const egress of egresses) await egress.close();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      await rm(dir, { recursive: true, force: true });
    },
  };
  return bench;
}
