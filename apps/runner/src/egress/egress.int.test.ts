import { once } from "node:events";
import { lstat, mkdir, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createEgressBench, type EgressBench } from "./testing/egressBench.ts";
import { HOSTILE, NAMES } from "./testing/hostile.ts";

let bench: EgressBench;

beforeEach(async () => (bench = await createEgressBench()));
afterEach(() => bench.close());

/** Read the next data of a connection. */
async function next(socket: Socket): Promise<string> {
  const got = once(socket, "data") as Promise<[Buffer]>;
  socket.resume();
  return (await got)[0].toString();
}

/** Send a request through a tunnel and TLS, like curl. */
async function getSecure(authority: string, host: string): Promise<string> {
  const { status, reply, socket } = await bench.tunnel(authority);
  if (status !== 200) return reply;
  const secure = await bench.tls(socket, host);
  secure.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let text = "";
  secure.setEncoding("utf8").on("data", (part: string) => (text += part));
  await once(secure, "end");
  return text;
}

test("an allowed host is reached through a tunnel with TLS and by plain http", async () => {
  const secure = await bench.serve((_, response) => response.end("over TLS"), ["registry.test"]);
  const plain = await bench.serve((request, response) => response.end(`${request.headers.host} ${request.url}`));
  bench.names.set("registry.test", ["127.0.0.1"]);
  // The name and the address that it resolves to, because tests have no public address.
  const allow = ["registry.test", `registry.test:${secure}`, `registry.test:${plain}`];
  await bench.open({ allow: [...allow, `127.0.0.1:${secure}`, `127.0.0.1:${plain}`] });
  expect(await getSecure(`Registry.TEST.:${secure}`, "registry.test")).toContain("over TLS");
  const { body } = await bench.ask({ path: `http://registry.test:${plain}/a?b=c` });
  expect(body).toBe(`registry.test:${plain} /a?b=c`);
});

test("a host that is not allowed is refused with a message, counted, and logged once", async () => {
  const egress = await bench.open({ allow: ["good.example"] });
  for (let n = 0; n < 3; n += 1) {
    const { status, reply } = await bench.tunnel("evil.example:443");
    expect(status).toBe(403);
    expect(reply).toContain("tac8: this run may not connect to evil.example; allowed: package registries (npm");
    expect(reply).toContain("good.example; the operator can add it to agent.allow_hosts");
  }
  const { status, body } = await bench.ask({ path: "http://evil.example/x" });
  expect({ status, body }).toMatchObject({
    status: 403,
    body: expect.stringContaining("may not connect to evil.example"),
  });
  expect(egress.refused()).toEqual([{ host: "evil.example", times: 4 }]);
  expect(bench.log.filter((line) => line.includes("evil.example"))).toHaveLength(1);
  expect(bench.asked).toEqual([]);
});

test("at most 50 hosts are counted, with short names", async () => {
  const egress = await bench.open();
  for (let n = 0; n < 60; n += 1) await bench.tunnel(`${"a".repeat(60)}.host${n}.example:443`);
  await bench.tunnel(`${"long-label.".repeat(40)}example:443`);
  expect(egress.refused()).toHaveLength(50);
  for (const { host } of egress.refused()) expect(host.length).toBeLessThanOrEqual(255);
});

test("no spelling of a host reaches this machine or a private network, whatever is allowed", async () => {
  const { port, seen } = await bench.listen();
  const other = await bench.listen("::1");
  for (const [name, addresses] of Object.entries(NAMES)) bench.names.set(name, addresses);
  await bench.open({ allow: ["*", `*:${port}`, `*:${other.port}`] });
  const answered: string[] = [];
  for (const [what, authority] of HOSTILE) {
    const text = authority.replace("PORT", String(authority.startsWith("[") ? other.port : port));
    answered.push(`${(await bench.tunnel(text)).status} CONNECT ${text}: ${what}`);
    // Node's client sends no other characters, and with a path it is another host.
    if (!/^[!-~]*$/.test(text) || /[/?#\\]/.test(text)) continue;
    const plain = await bench.ask({ path: `http://${text}/` });
    // Without a port it is port 80, where even the allowed host is refused.
    answered.push(`${plain.status} GET http://${text}/: ${what}`);
  }
  expect(answered.length).toBeGreaterThan(HOSTILE.length);
  expect(answered.filter((line) => !/^40[03] /.test(line))).toEqual([]);
  expect(seen).toHaveLength(0);
  expect(other.seen).toHaveLength(0);
  // The control: the same listener is reached if its address is listed.
  await bench.open({ allow: [`127.0.0.1:${port}`] });
  expect((await bench.tunnel(`127.0.0.1:${port}`)).status).toBe(200);
  expect(seen).toHaveLength(1);
});

test("a name that resolves differently the second time is connected to its first address", async () => {
  const { port, seen } = await bench.listen();
  const answers = ["93.184.215.14", "127.0.0.1"];
  let asked = 0;
  await bench.open({
    allow: [`rebinding.test:${port}`],
    deps: {
      lookup: async () => [{ address: answers[Math.min(asked++, 1)] ?? "", family: 4 }],
      // Refused before any data is sent there.
      ownAddresses: () => ["93.184.215.14"],
    },
  });
  const { status, reply } = await bench.tunnel(`rebinding.test:${port}`);
  expect(status).toBe(403);
  expect(reply).toContain("resolves to 93.184.215.14, an address of this machine");
  expect(asked).toBe(1);
  expect(seen).toHaveLength(0);
});

test("only checked addresses are connected to, and the name is resolved once", async () => {
  const { port, seen } = await bench.listen();
  bench.names.set("once.test", ["127.0.0.1"]);
  await bench.open({ allow: [`once.test:${port}`, `127.0.0.1:${port}`] });
  await Promise.all([bench.tunnel(`once.test:${port}`), bench.tunnel(`once.test:${port}`)]);
  expect(bench.asked).toEqual(["once.test"]);
  expect(seen).toHaveLength(2);
});

test("the proxy of this machine is used, but not for names that resolve to a private address", async () => {
  const asked: string[] = [];
  const target = await bench.listen();
  const proxy = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (head: Buffer) => {
      asked.push(head.toString());
      const isTunnel = head.toString().startsWith("CONNECT");
      const answer = "HTTP/1.1 200 OK\r\n\r\nfirst words";
      if (isTunnel) socket.write(answer);
      else socket.end(answer);
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as { port: number };
  try {
    bench.names.set("inside.test", ["10.0.0.1"]);
    const egress = await bench.open({
      allow: ["outside.test", "inside.test"],
      proxyEnv: { HTTPS_PROXY: `http://user:pass@127.0.0.1:${port}` },
    });
    const { status, socket } = await bench.tunnel("outside.test:443");
    expect(status).toBe(200);
    expect(await next(socket)).toBe("first words");
    expect(asked).toEqual([
      expect.stringMatching(/^CONNECT outside\.test:443 HTTP\/1\.1\r\n[^]*Basic dXNlcjpwYXNz\r\n/),
    ]);
    expect((await bench.tunnel("inside.test:443")).status).toBe(403);
    expect(asked).toHaveLength(1);
    await egress.close();

    await bench.open({ allow: ["outside.test"], proxyEnv: { HTTP_PROXY: `http://user:pass@127.0.0.1:${port}` } });
    const plain = bench.ask({ path: "http://outside.test/a" });
    expect((await plain).status).toBe(200);
    expect(asked[1]).toMatch(
      /^GET http:\/\/outside\.test\/a HTTP\/1\.1\r\n[^]*proxy-authorization: Basic dXNlcjpwYXNz\r\n/,
    );
  } finally {
    proxy.close();
  }
  expect(target.seen).toHaveLength(0);
});

test("the folder may have a long path, belongs only to its owner, and leftovers of a crash are removed", async () => {
  const folder = join(bench.dir, "a".repeat(100), "b".repeat(100));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await writeFile(join(folder, "s"), "left by a crash");
  const egress = await bench.open({ folder });
  expect((await lstat(folder)).mode & 0o777).toBe(0o700);
  expect((await lstat(join(folder, "s"))).isSocket()).toBe(true);
  await egress.close();
  await egress.close();
  await expect(lstat(join(folder, "s"))).rejects.toThrow("ENOENT");
});

test("closing ends all tunnels and requests, even waiting ones", async () => {
  const { port, seen } = await bench.listen();
  const egress = await bench.open({ allow: [`127.0.0.1:${port}`] });
  const { socket } = await bench.tunnel(`127.0.0.1:${port}`);
  const waiting = bench.ask({ path: `http://127.0.0.1:${port}/` });
  while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
  socket.resume();
  await Promise.all([egress.close(), once(socket, "end"), expect(waiting).rejects.toThrow(/socket|ECONN/)]);
}, 30_000);

test("if a client disconnects, its connection to the server is closed too, and vice versa", async () => {
  const { port, seen } = await bench.listen();
  await bench.open({ allow: [`127.0.0.1:${port}`] });
  const first = await bench.tunnel(`127.0.0.1:${port}`);
  seen[0]?.resume();
  first.socket.destroy();
  await once(seen[0] ?? first.socket, "close");
  const second = await bench.tunnel(`127.0.0.1:${port}`);
  seen[1]?.destroy();
  second.socket.resume();
  second.socket.end();
  await once(second.socket, "close");
});

test("a client that has closed its sending side is still answered", async () => {
  const { port, seen } = await bench.listen();
  await bench.open({ allow: [`127.0.0.1:${port}`] });
  const { socket } = await bench.tunnel(`127.0.0.1:${port}`);
  const server = seen[0] ?? socket;
  socket.end("question");
  const [question] = (await once(server, "data")) as [Buffer];
  expect(question.toString()).toBe("question");
  server.write("answer");
  expect(await next(socket)).toBe("answer");
});

test("clients and servers that disconnect at any moment end only their own connections", async () => {
  const large = Buffer.alloc(256 * 1024, "x");
  let served = 0;
  const port = await bench.serve((request, response) => {
    served += 1;
    request.resume();
    response.write(large);
    if (served % 3 === 0) response.destroy();
    else response.end(large);
  });
  const egress = await bench.open({
    allow: [`127.0.0.1:${port}`],
    secrets: { A_KEY: `http://127.0.0.1:${port}` },
    env: { A_KEY: "a-key-of-the-test" },
  });
  const head = `Host: x\r\nAuthorization: Bearer ${egress.env["A_KEY"]}\r\n`;
  const requests = [
    `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n${head}\r\n`,
    `GET http://127.0.0.1:${port}/ HTTP/1.1\r\n${head}\r\n`,
    `POST /_secrets/A_KEY/x HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\nab`,
    `POST /_secrets/A_KEY/x HTTP/1.1\r\n${head}Content-Length: 2\r\n\r\nab`,
  ];
  for (let n = 0; n < 80; n += 1) {
    const socket = await bench.connect();
    socket.write(requests[n % requests.length] ?? "");
    // After this many turns of the event loop: while the request is read, dialed or answered.
    for (let turn = 0; turn < n % 13; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (n % 2 === 0) socket.destroy();
    else socket.resume().end();
  }
  // An unhandled error would fail the test run.
  expect((await bench.tunnel(`127.0.0.1:${port}`)).status).toBe(200);
}, 30_000);

test("garbage, heads that are too large and connections beyond the limit are closed, and others continue", async () => {
  const { port } = await bench.listen();
  await bench.open({ allow: [`127.0.0.1:${port}`] });
  const garbage = await bench.connect();
  garbage.write("\u0000\u0001\u0002 nothing\r\n\r\n");
  const [reply] = (await once(garbage, "data")) as [Buffer];
  expect(reply.toString()).toMatch(/^HTTP\/1\.1 400 /);

  const large = await bench.connect();
  large.write(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nx: ${"x".repeat(64 * 1024)}`);
  const [refused] = (await once(large, "data")) as [Buffer];
  expect(refused.toString()).toMatch(/^HTTP\/1\.1 431 /);

  const many = await Promise.all(Array.from({ length: 300 }, () => bench.connect()));
  const ended = many.map(async (socket) => {
    let reply = "";
    socket.on("data", (chunk: Buffer) => (reply += chunk.toString()));
    await once(socket, "end");
    return reply;
  });
  // Without a message: a connection that is closed for its slowness would get one.
  expect(await Promise.race(ended)).toBe("");
  for (const socket of many) socket.destroy();
  // The proxy has noticed the closed connections when a new one is accepted.
  let status = 0;
  while (status !== 200) status = (await bench.tunnel(`127.0.0.1:${port}`).catch(() => ({ status: 0 }))).status;
}, 30_000);

test("a connection with an endless head is closed", async () => {
  await bench.open({ headMs: 500 });
  const slow = await bench.connect();
  slow.write("GET http://registry.npmjs.org/ HTTP/1.1\r\nx: ");
  const [reply] = (await once(slow, "data")) as [Buffer];
  expect(reply.toString()).toMatch(/^HTTP\/1\.1 4(?:00|08) /);
}, 30_000);
