import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer as createHttp, request, type Server } from "node:http";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withExit } from "@tac8/core/config/exit";
import { createLogger } from "@tac8/core/log/logger";
import { createDialer, type Dialer } from "../egress/dial.ts";
import { HOSTILE, NAMES } from "../egress/testing/hostile.ts";
import { allowedBy } from "./allow.ts";
import { openExit, type Exit, type ExitOptions } from "./open.ts";

const PASSWORD = "0123456789abcdef".repeat(4);
const RIGHT = `Basic ${Buffer.from(`tac8:${PASSWORD}`).toString("base64")}`;
const MAIN = join(import.meta.dirname, "main.ts");
const STUB = join(import.meta.dirname, "../../fixtures/messages-api-stub.mjs");
const CLAUDE = join(import.meta.dirname, "../../../../node_modules/.bin/claude");

let dir: string;
let exits: Exit[];
let servers: (Server | ReturnType<typeof createServer>)[];
let sockets: Socket[];
let log: string[];
let names: Map<string, readonly string[]>;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-exit-"));
  [exits, servers, sockets, log, names] = [[], [], [], [], new Map()];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const exit of exits) await exit.close();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  await rm(dir, { recursive: true, force: true });
});

async function open(allow: string, options: Partial<ExitOptions> = {}): Promise<Exit> {
  const exit = await openExit({
    host: "127.0.0.1",
    port: 0,
    password: PASSWORD,
    allow: allowedBy({ TAC8_EXIT_ALLOW: allow }, null).entries,
    proxyEnv: {},
    log: createLogger({ name: "exit", secrets: [PASSWORD], destination: { write: (line) => void log.push(line) } }),
    deps: {
      lookup: async (host) =>
        (names.get(host) ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    },
    ...options,
  });
  exits.push(exit);
  return exit;
}

async function listening(server: Server | ReturnType<typeof createServer>, host = "127.0.0.1"): Promise<number> {
  servers.push(server);
  server.on("connection", (socket: Socket) => void sockets.push(socket.on("error", () => undefined)));
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function connected(exit: Exit): Promise<Socket> {
  const socket = connect({ port: exit.port, host: "127.0.0.1", allowHalfOpen: true });
  sockets.push(socket.on("error", () => undefined));
  await once(socket, "connect");
  return socket;
}

/** Request a tunnel. @returns the exit's answer and the data after it, up to `until` */
async function tunnel(exit: Exit, authority: string, login: string | null = RIGHT, then = ""): Promise<string> {
  const socket = await connected(exit);
  const line = login === null ? "" : `Proxy-Authorization: ${login}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${line}\r\n`);
  let reply = "";
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      if (reply === "" && chunk.toString("latin1").startsWith("HTTP/1.1 200")) socket.end(then);
      reply += chunk.toString("latin1");
    });
    socket.once("end", resolve).once("close", resolve);
  });
  return reply;
}

function ask(exit: Exit, path: string, headers: Record<string, string> = {}): Promise<[status: number, body: string]> {
  return new Promise((resolve, reject) => {
    const client = request({ port: exit.port, host: "127.0.0.1", path, headers, agent: false });
    client.once("error", reject);
    client.once("response", (response) => {
      void text(response).then((body) => resolve([response.statusCode ?? 0, body]), reject);
    });
    client.end();
  });
}

const echo = () =>
  listening(createServer((socket) => void socket.on("data", (data) => socket.end(`echo of ${data.toString()}`))));

test("with the password, an allowed host is reached by a tunnel and by http, and the host does not get the password", async () => {
  const seen: unknown[] = [];
  const http = await listening(
    createHttp((asked, response) => {
      seen.push(asked.headers["proxy-authorization"], asked.url);
      response.end("over http");
    }),
  );
  const plain = await echo();
  names.set("github", ["127.0.0.1"]);
  const exit = await open(`github:${plain}, github:${http}`);
  expect(await tunnel(exit, `github:${plain}`, RIGHT, "words")).toContain("echo of words");
  const headers = { "proxy-authorization": RIGHT };
  expect(await ask(exit, `http://github:${http}/a?b`, headers)).toEqual([200, "over http"]);
  expect(seen).toEqual([undefined, "/a?b"]);
});

test("without the password nothing is reached; each kind is logged once, without the given value", async () => {
  const seen: Socket[] = [];
  const port = await listening(createServer((socket) => void seen.push(socket)));
  const exit = await open(`127.0.0.1:${port}`);
  const wrong = `Basic ${Buffer.from("tac8:canary-guess").toString("base64")}`;
  for (const login of [null, wrong, "Basic", "Bearer x", `Basic ${Buffer.from(PASSWORD).toString("base64")}`]) {
    const reply = await tunnel(exit, `127.0.0.1:${port}`, login);
    expect(reply).toMatch(/^HTTP\/1.1 407 .*\r\n[^]*Proxy-Authenticate: Basic realm="tac8 exit"\r\n/);
  }
  expect(await ask(exit, `http://127.0.0.1:${port}/`)).toMatchObject([407, expect.stringContaining("its password")]);
  expect(await ask(exit, "/")).toMatchObject([407, expect.anything()]);
  expect(await ask(exit, "/healthz")).toEqual([200, "ok\n"]);
  expect(seen).toEqual([]);
  expect(log).toHaveLength(2);
  expect(log[0]).toContain("refused a client without the exit's password");
  expect(log[1]).toContain("refused a client with a wrong password");
  expect(log.join("")).not.toContain("canary-guess");
});

test("answers to many wrong passwords are delayed, and the right one is answered at once", async () => {
  const port = await echo();
  const { promise, resolve } = Promise.withResolvers<void>();
  let pauses = 0;
  const pause = () => ((pauses += 1), promise);
  const exit = await open(`127.0.0.1:${port}`, { now: () => 1, pause });
  const wrong = `Basic ${Buffer.from("tac8:guess").toString("base64")}`;
  for (let n = 0; n < 20; n += 1) expect(await tunnel(exit, "a.test:443", wrong)).toContain(" 407 ");
  expect(pauses).toBe(0);
  const late = tunnel(exit, "a.test:443", wrong);
  // Git first sends a request without a password.
  for (let n = 0; n < 3; n += 1) expect(await tunnel(exit, "a.test:443", null)).toContain(" 407 ");
  expect(await tunnel(exit, `127.0.0.1:${port}`, RIGHT, "words")).toContain("echo of words");
  resolve();
  expect(await late).toContain(" 407 ");
  expect(pauses).toBe(1);
});

test("no spelling of a host reaches the exit itself or a private network", async () => {
  const seen: Socket[] = [];
  const port = await listening(createServer((socket) => void seen.push(socket)));
  const other = await listening(
    createServer((socket) => void seen.push(socket)),
    "::1",
  );
  for (const [name, addresses] of Object.entries(NAMES)) names.set(name, addresses);
  const exit = await open("lan.test:443");
  const answered: string[] = [];
  for (const [what, authority] of HOSTILE) {
    const asked = authority.replace("PORT", String(authority.startsWith("[") ? other : port));
    answered.push(`${/^HTTP\/1.1 (\d+)/.exec(await tunnel(exit, asked))?.[1]} ${what}`);
  }
  // 400: a head that no HTTP server accepts. 502: a name that does not resolve.
  expect(answered.filter((line) => !/^(400|403|502) /.test(line))).toEqual([]);
  expect(answered.filter((line) => line.startsWith("403 ")).length).toBeGreaterThan(40);
  expect(seen).toEqual([]);
});

test("a refusal names the host, the reason and the variable, and is logged once without the path", async () => {
  names.set("nas.test", ["93.184.215.14", "192.168.1.5"]);
  const exit = await open("");
  const headers = { "proxy-authorization": RIGHT };
  const [status, body] = await ask(exit, "http://nas.test:8080/canary-path", headers);
  expect([status, body]).toEqual([
    403,
    "tac8: the exit does not connect to nas.test:8080: nas.test resolves to 192.168.1.5, a private address; the operator can add nas.test:8080 to TAC8_EXIT_ALLOW\n",
  ]);
  await ask(exit, "http://nas.test:8080/canary-path", headers);
  expect(log.filter((line) => line.includes("nas.test:8080"))).toHaveLength(1);
  expect(log.join("")).not.toMatch(/canary-path|tac8:0123/);
});

test("an allowed host has one port, and only its name allows its address", async () => {
  const port = await echo();
  names.set("github", ["127.0.0.1"]).set("other.test", ["127.0.0.1"]);
  const exit = await open(`github:${port}`);
  expect(await tunnel(exit, `github:${port}`, RIGHT, "words")).toContain("echo of words");
  expect(await tunnel(exit, `github:${port + 1}`)).toContain(" 403 ");
  expect(await tunnel(exit, `other.test:${port}`)).toContain(" 403 ");
  expect(await tunnel(exit, `127.0.0.1:${port}`)).toContain(" 403 ");
});

test("clients without the password do not use up connections of clients with it", async () => {
  const port = await echo();
  const exit = await open(`127.0.0.1:${port}`, { headMs: 600_000 });
  const idle: Socket[] = [];
  for (let n = 0; n < 400; n += 1) idle.push(await connected(exit));
  expect(await tunnel(exit, `127.0.0.1:${port}`, RIGHT, "words")).toContain("echo of words");
  // The oldest connections were closed.
  if (!idle[0]?.resume().readableEnded) await once(idle[0] as Socket, "close");
});

test("a head that never ends or is too long closes its connection", async () => {
  const exit = await open("", { headMs: 100 });
  const slow = await connected(exit);
  slow.write("CONNECT a.test:443 HTTP/1.1\r\n");
  expect(await text(slow)).toContain(" 400 ");
  const long = await connected(exit);
  long.write(`CONNECT a.test:443 HTTP/1.1\r\nX: ${"x".repeat(40_000)}`);
  expect(await text(long)).toContain(" 431 ");
});

test("the exit uses a company's proxy, and reaches the hosts of NO_PROXY directly", async () => {
  const asked: string[] = [];
  const company = await listening(
    createServer((socket) => {
      socket.once("data", (head: Buffer) => {
        asked.push(head.toString().split("\r\n", 1)[0] ?? "");
        socket.end("HTTP/1.1 200 OK\r\n\r\nby the company");
      });
    }),
  );
  const lan = await echo();
  names.set("lan.test", ["127.0.0.1"]);
  const proxyEnv = { HTTPS_PROXY: `http://127.0.0.1:${company}`, NO_PROXY: "lan.test" };
  const exit = await open(`lan.test:${lan}`, { proxyEnv });
  expect(await tunnel(exit, "api.github.test:443")).toContain("by the company");
  expect(await tunnel(exit, `lan.test:${lan}`, RIGHT, "words")).toContain("echo of words");
  expect(asked).toEqual(["CONNECT api.github.test:443 HTTP/1.1"]);
  expect(await tunnel(exit, "169.254.169.254:80")).toContain(" 403 ");
});

test("the proxy of a run reaches its hosts through the exit", async () => {
  const port = await echo();
  names.set("registry.test", ["127.0.0.1"]);
  const exit = await open(`registry.test:${port}`);
  const dialer = (password: string): Dialer =>
    createDialer({
      policy: { isListed: () => false },
      proxyEnv: { HTTPS_PROXY: `http://tac8:${password}@127.0.0.1:${exit.port}` },
      // The runners' network resolves no other names.
      lookup: () => Promise.reject(new Error("no name server")),
      ownAddresses: () => [],
    });
  const target = { host: "registry.test", isAddress: false, port };
  const socket = await dialer(PASSWORD).dial(target);
  sockets.push(socket);
  socket.end("words");
  expect(await text(socket)).toContain("echo of words");
  await expect(dialer("wrong").dial(target)).rejects.toThrow("answered 407");
});

const environment = (env: Record<string, string>) => ({
  PATH: process.env["PATH"],
  HOME: dir,
  TAC8_HOME: dir,
  TAC8_EXIT_PORT: "0",
  ...env,
});

test("the real claude reaches the model through the exit with the environment that an agent gets", async () => {
  const model = spawn(process.execPath, [STUB], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(model.stdout, "data")) as [Buffer];
  const port = line.toString().trim();
  names.set("model.test", ["127.0.0.1"]);
  const exit = await open(`model.test:${port}`);
  const { env } = withExit(
    { TAC8_EXIT: `http://127.0.0.1:${exit.port}`, TAC8_EXIT_PASSWORD_FILE: "x" },
    () => PASSWORD,
  );
  const steps = [{ text: "words of the model" }];
  const claude = spawn(CLAUDE, ["-p", `Answer. @@stub ${JSON.stringify(steps)}@@`, "--model", "claude-sonnet-4-5"], {
    cwd: dir,
    env: {
      ...env,
      PATH: process.env["PATH"],
      HOME: dir,
      ANTHROPIC_API_KEY: "sk-ant-not-a-key",
      ANTHROPIC_BASE_URL: `http://model.test:${port}`,
      CLAUDE_CODE_MAX_RETRIES: "0",
      DISABLE_TELEMETRY: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [reply, errors] = await Promise.all([text(claude.stdout), text(claude.stderr)]);
  model.kill();
  expect(`${reply}${errors}`).toContain("words of the model");
});

/** Run the program. @returns its first line of output, or its errors and exit code */
async function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], {
    cwd: dir,
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close") as Promise<[number | null]>;
  const errors = text(child.stderr);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    output += part;
    if (output.includes("\n")) child.kill();
  });
  const [code] = await ended;
  const reply = await errors;
  return reply === "" ? (output.split("\n", 1)[0] ?? "") : `${code}: ${reply}`;
}

test("the program creates a password of 32 bytes once, readable only by its owner", async () => {
  const path = join(dir, "password");
  const env = { TAC8_EXIT_PASSWORD_FILE: path, GITHUB_API_URL: "https://github.corp.test/api/v3" };
  expect(JSON.parse(await run(env))).toMatchObject({ msg: "exit ready", allowed: ["github.corp.test:443"] });
  const made = await readFile(path, "utf8");
  expect(made).toMatch(/^[0-9a-f]{64}\n$/);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await run(env);
  expect(await readFile(path, "utf8")).toBe(made);
});

test("the program touches its heartbeat file as soon as it answers", async () => {
  const file = join(dir, "heartbeat");
  const env = { TAC8_EXIT_PASSWORD_FILE: join(dir, "password"), TAC8_HEARTBEAT_FILE: file };
  const child = spawn(process.execPath, [MAIN], { env: environment(env), stdio: "ignore" });
  const ended = once(child, "close");
  await vi.waitFor(() => stat(file), { timeout: 30_000 });
  child.kill();
  expect(await ended).toEqual([0, null]);
});

test("the program ends with 78 and one line for each problem", async () => {
  expect(await run({ TAC8_EXIT_ALLOW: "nas.test:443,*,a/b" })).toBe(
    [
      '78: environment variable TAC8_EXIT_ALLOW: found "*", expected HOST:PORT or ADDRESS:PORT',
      'environment variable TAC8_EXIT_ALLOW: found "a/b", expected HOST:PORT or ADDRESS:PORT',
      "environment variable TAC8_EXIT_PASSWORD_FILE: expected the path of the password's file\n",
    ].join("\n"),
  );
});
