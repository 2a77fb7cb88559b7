import { spawnSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createLogger } from "@tac8/core/log/logger";
import { makeCertificate, type Certificate } from "@tac8/sandbox/certificates";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { openRedisTunnel, welcome, type RedisTunnel } from "./open.ts";

const PASSWORD = "a-password-of-this-machine";
let dir: string;
let certificate: Certificate;
let server: RedisServer;
let tunnel: RedisTunnel | null;
let clients: Redis[];
let log: string[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-tunnel-"));
  certificate = makeCertificate(dir, ["127.0.0.1", "localhost"]);
  server = await startRedisServer({ dir, tls: certificate });
  const admin = new Redis(server.url, { tls: { ca: readFileSync(certificate.ca) } });
  await admin.acl("SETUSER", "pi-2", "on", `>${PASSWORD}`, "~tac8:*", "&tac8:*", "+@all", "-@dangerous", "+info");
  await admin.acl("SETUSER", "default", "off");
  admin.disconnect();
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  [tunnel, clients, log] = [null, [], []];
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await tunnel?.close();
});

const socket = () => join(dir, "redis.sock");

interface Given {
  readonly password?: string;
  readonly ca?: string | null;
}

async function open({ password = PASSWORD, ca = certificate.ca }: Given = {}): Promise<RedisTunnel> {
  const url = new URL(server.url);
  url.username = "pi-2";
  url.password = password;
  url.pathname = "/3";
  tunnel = await openRedisTunnel({
    socket: socket(),
    url: url.href,
    ca: ca === null ? null : readFileSync(ca, "utf8"),
    log: createLogger({ name: "tunnel", secrets: [PASSWORD], destination: { write: (line) => void log.push(line) } }),
  });
  return tunnel;
}

function client(): Redis {
  const redis = new Redis({ path: socket(), maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on("error", () => undefined);
  clients.push(redis);
  return redis;
}

test("clients of the socket use the configured user and database, and only its owner can open the socket", async () => {
  await (await open()).ping();
  expect((await stat(socket())).mode & 0o777).toBe(0o600);
  const [one, two] = [client(), client()];
  expect(await one.acl("WHOAMI")).toBe("pi-2");
  const value = "x".repeat(3_000_000);
  await one.set("tac8:a", value);
  expect(await two.get("tac8:a")).toBe(value);
  expect(await one.client("INFO")).toContain(" db=3 ");
  await expect(one.set("other", "1")).rejects.toThrow("NOPERM");
  const received = new Promise((resolve) => void two.once("message", (_, text) => resolve(text)));
  await two.subscribe("tac8:c");
  await one.publish("tac8:c", "hello");
  expect(await received).toBe("hello");
});

test.each([
  ["a wrong password", { password: "wrong" }, "WRONGPASS"],
  ["an unknown CA", { ca: null }, "the server's CA is unknown: set REDIS_CA_FILE to its certificate"],
])("with %s no client can connect, and the log gives the reason once", async (_, given, why) => {
  const opened = await open(given);
  await expect(opened.ping()).rejects.toThrow(/WRONGPASS|self-signed certificate/);
  await expect(client().get("tac8:a")).rejects.toThrow(/Connection is closed|max retries/);
  expect(log).toHaveLength(1);
  expect(log[0]).toContain(why);
});

test("the connections of clients end with the tunnel", async () => {
  const opened = await open();
  const redis = client();
  await redis.get("tac8:a");
  const ended = new Promise((resolve) => void redis.once("end", () => resolve("ended")));
  await opened.close();
  expect(await ended).toBe("ended");
});

test.each([
  ["redis://h:1", []],
  [
    "rediss://:p%40@h:1/2",
    [
      ["AUTH", "p@"],
      ["SELECT", "2"],
    ],
  ],
  ["rediss://me:p@h:1/0", [["AUTH", "me", "p"]]],
])("%s begins with %j", (url, commands) => {
  expect(welcome(url)).toEqual(commands);
});

test.each([
  ["Sentinels", "redis+sentinel://pi-2@a:26379,b:26379/main", "names Sentinels, but a tunnel connects to one Redis"],
  ["a socket", "unix:///run/redis.sock", "expected rediss://USER@HOST:PORT"],
  ["no address", "", "expected rediss://USER@HOST:PORT"],
  ["a CA that is missing", "rediss://pi-2@a:6380", "REDIS_CA_FILE"],
])("with %s the tunnel exits with code 78 and one line", (_, url, why) => {
  const env = { TAC8_HOME: dir, REDIS_URL: url, REDIS_CA_FILE: url.startsWith("rediss") ? "/nowhere" : "" };
  const main = join(import.meta.dirname, "main.ts");
  const { status, stderr } = spawnSync(process.execPath, [main], { encoding: "utf8", env, timeout: 20_000 });
  expect(stderr).toContain(why);
  expect([status, stderr.trim().split("\n").length]).toEqual([78, 1]);
});
