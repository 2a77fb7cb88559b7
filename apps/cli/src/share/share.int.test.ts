import { Queue, QueueEvents, Worker } from "bullmq";
import { statSync, readdirSync, readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { createServer, type Server } from "node:tls";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Redis } from "ioredis";
import { joinFiles } from "@tac8/core/config/joined";
import { loadConfig } from "@tac8/core/config/load";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { connectRedis } from "@tac8/core/queue/redis";
import { readShare, shareFiles } from "@tac8/core/share/files";
import { COMMANDS_CHANNEL } from "@tac8/core/state/keys";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { pauseRunner } from "@tac8/core/state/pause";
import { createSchedulerLease } from "@tac8/core/state/schedulerLease";
import { makeCertificate } from "@tac8/sandbox/certificates";
import { freePort } from "@tac8/sandbox/redis";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import { startEmbeddedRedis, type EmbeddedRedis } from "../redis/embedded.ts";
import { readRecord } from "../redis/record.ts";

let first: Lab;
let second: Lab;
let redis: EmbeddedRedis;
let port: number;
let open: Redis[];
const cleanups: (() => unknown)[] = [];
const CONFIG = '[github]\nrepo_owner = "Octo"\nrepo_name = "Hello"\n';

beforeEach(async () => {
  [first, second] = [openLab(), openLab()];
  for (const lab of [first, second]) writeFileSync(join(lab.dir, "config.toml"), CONFIG);
  mkdirSync(first.dataFolder, { recursive: true });
  redis = await startEmbeddedRedis({ dataFolder: first.dataFolder, warn: () => undefined });
  port = await freePort();
  open = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  for (const client of open) client.disconnect();
  await redis.stop();
  await first.close();
  await second.close();
});

async function run(lab: Lab, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const cli = lab.start(args, env);
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

/** Share with a machine. @returns its token */
async function shareWith(name: string, ...more: string[]): Promise<string> {
  const output = await run(first, ["share", name, "--address", "127.0.0.1", "--port", String(port), ...more]);
  expect(output).toMatchObject({ code: 0 });
  expect(output.out).toContain(`tac8 join rediss://${name}@127.0.0.1:${port}\n`);
  return /tac8-1\S+/.exec(output.out)?.[0] ?? "";
}
const joinAs = (name: string, token: string, host = "127.0.0.1") =>
  run(second, ["join", `rediss://${name}@${host}:${port}`], { TEST_INPUT: `${token}\n` });

const configOf = (lab: Lab, env: Readonly<Record<string, string>> = {}) =>
  loadConfig({ env: { HOME: lab.dir, ...env }, cwd: lab.dir }).config;

function connectAs(lab: Lab, env: Readonly<Record<string, string>> = {}): Redis {
  const client = connectRedis(configOf(lab, env)?.redisUrl ?? "", { name: "test", onError: () => undefined });
  open.push(client);
  return client;
}
/** Connect like an app of `tac8 up` on the first machine. */
const local = () => connectAs(first, { REDIS_URL: redis.url, TAC8_REDIS_KEPT: "1" });

async function killRedis(): Promise<void> {
  const before = readRecord(first.dataFolder)?.pid ?? 0;
  process.kill(before, "SIGKILL");
  while ((readRecord(first.dataFolder)?.pid ?? before) === before)
    await new Promise((resolve) => setImmediate(resolve));
}

test("a machine that has joined can do everything that a runner does, and nothing else, also after a restart of Redis", async () => {
  const here = local();
  await here.set("tac8:kept", "yes");
  const joined = await joinAs("pi-2", await shareWith("pi-2"));
  expect(joined).toMatchObject({
    code: 0,
    out: expect.stringContaining(`now a runner of the tac8 at 127.0.0.1:${port}.`),
  });
  expect(configOf(second)).toMatchObject({ joined: true, redisUrl: expect.stringContaining("rediss://pi-2:") });

  const there = connectAs(second);
  const blocking = connectAs(second);
  const ear = connectAs(second);
  await ear.subscribe(COMMANDS_CHANNEL);
  const queue = new Queue(QUEUE_NAME, { connection: there });
  const events = new QueueEvents(QUEUE_NAME, { connection: blocking });
  await events.waitUntilReady();
  const worker = new Worker(QUEUE_NAME, async (job) => createIssueStore(there).read(job.id ?? ""), {
    connection: blocking,
  });
  queue.on("error", () => undefined);
  events.on("error", () => undefined);
  worker.on("error", () => undefined);
  cleanups.push(() => Promise.all([worker.close(), events.close(), queue.close()]));
  const job = await queue.add("issue", {}, { jobId: "octo.hello.1", priority: 3, delay: 1 });
  expect(await job.waitUntilFinished(events)).toMatchObject({ state: null });
  await pauseRunner(there, { runner: { name: "pi/0" }, by: "ann", reason: "r", now: 1 });
  expect(await there.get("tac8:kept")).toBe("yes");

  const lease = createSchedulerLease(there, {
    host: "pi-2",
    repositories: [],
    machine: { boot: "", pidNamespace: "" },
  });
  const refused: Promise<unknown>[] = [
    lease.ask(),
    there.get("other"),
    there.set("tac8:notify", "x"),
    there.set("tac8:health", "x"),
    there.keys("*"),
    there.scan(0),
    there.flushall(),
    there.flushdb(),
    there.config("GET", "*"),
    there.call("ACL", "LIST"),
    there.call("CLIENT", "LIST"),
    there.call("CLIENT", "PAUSE", "1"),
    there.call("FUNCTION", "LIST"),
    there.call("SHUTDOWN"),
    there.call("REPLICAOF", "NO", "ONE"),
    there.publish("other", "x"),
    there.eval("return redis.call('KEYS', '*')", 0),
    there.eval("return redis.call('SET', 'other', '1')", 1, "other"),
  ];
  for (const [index, one] of (await Promise.allSettled(refused)).entries()) {
    const reason = one.status === "rejected" ? String(one.reason) : "allowed";
    expect(`${index}: ${reason}`).toMatch(/NOPERM|permission|can't run this command/);
  }

  await killRedis();
  expect(await Promise.all([here.get("tac8:kept"), there.get("tac8:kept"), local().get("tac8:kept")])).toEqual(
    Array.from({ length: 3 }, () => "yes"),
  );
  const again = await queue.add("issue", {}, { jobId: "octo.hello.2" });
  expect(await again.waitUntilFinished(events)).toMatchObject({ state: null });
});

test("without the password of a machine there is no access, and its files are readable only by their owner", async () => {
  const token = await shareWith("pi-2");
  await joinAs("pi-2", token);
  const { ca } = joinFiles(second.dataFolder);
  const stranger = (user: string) =>
    connectRedis(`rediss://${user}@127.0.0.1:${port}?ca=${ca}`, { name: "test", onError: () => undefined });
  for (const user of ["", "default:", "default:guess", "pi-2:guess"]) {
    const client = stranger(user.replace(/:$/, ""));
    open.push(client);
    await expect(client.get("tac8:events")).rejects.toThrow(/NOAUTH|WRONGPASS/);
  }
  const paths = [shareFiles(first.dataFolder).folder, ...Object.values(joinFiles(second.dataFolder))];
  const inShare = readdirSync(shareFiles(first.dataFolder).folder).map((name) =>
    join(shareFiles(first.dataFolder).folder, name),
  );
  const modes = [...paths, ...inShare].map((path) => (statSync(path).mode & 0o077).toString(8));
  expect(modes.join("")).toMatch(/^0+$/);
  const [, secret = ""] = token.split(".").slice(1);
  for (const path of inShare) expect(readFileSync(path, "utf8")).not.toContain(secret);
});

test("a second share changes nothing and shows no token; --renew revokes the former one", async () => {
  const token = await shareWith("pi-2");
  const folder = shareFiles(first.dataFolder).folder;
  const stateOf = () => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
  const before = stateOf();
  expect(await shareWith("pi-2")).toBe("");
  expect(stateOf()).toEqual(before);
  await joinAs("pi-2", token);
  const renewed = await shareWith("pi-2", "--renew");
  expect((await joinAs("pi-2", token)).err).toMatch(/refuses the connection/);
  expect(await joinAs("pi-2", renewed)).toMatchObject({ code: 0 });
  // The existing token is kept.
  expect((await joinAs("pi-2", "")).out).toContain("runner of the tac8");
  expect((await run(first, ["doctor"])).out).toMatch(/1 other machine can use Redis at 127\.0\.0\.1:/);
  const other = { REDIS_URL: "redis://127.0.0.1:1" };
  expect((await run(first, ["doctor"], other)).out).toMatch(/REDIS_URL is a different one/);
  expect((await run(first, ["share"])).out).toMatch(/listens at 127\.0\.0\.1:\d+, with TLS, for 1 machine\n.*\npi-2 /);
});

test("unshare disconnects one machine at once; the others continue; --all closes the address", async () => {
  const here = local();
  await here.ping();
  const [one, two] = [await shareWith("pi-2"), await shareWith("pi-3")];
  await joinAs("pi-3", two);
  const kept = connectAs(second);
  await kept.get("tac8:x");
  await joinAs("pi-2", one);
  const cut = connectAs(second);
  await cut.get("tac8:x");
  const closed = once(cut, "close");
  expect(await run(first, ["unshare", "pi-2"])).toMatchObject({ code: 0, err: "" });
  await closed;
  await expect(cut.get("tac8:x")).rejects.toThrow(/NOAUTH|WRONGPASS/);
  expect(await kept.get("tac8:x")).toBeNull();
  expect((await joinAs("pi-2", one)).err).toMatch(/refuses the connection/);
  expect((await run(first, ["unshare", "pi-2"])).err).toContain("there is no machine pi-2: the machines are pi-3");

  const over = once(kept, "close");
  expect(await run(first, ["unshare", "--all"])).toMatchObject({ code: 0, err: "" });
  await over;
  expect(await here.ping()).toBe("PONG");
  expect((await joinAs("pi-3", two)).err).toMatch(/does not respond \(connection refused\)/);
  expect(readShare(first.dataFolder)).toBeNull();
  await killRedis();
  expect(await here.ping()).toBe("PONG");
  expect(await local().acl("WHOAMI")).toBe("default");
});

test("join sends nothing to a server with another CA", async () => {
  const token = await shareWith("pi-2");
  mkdirSync(join(second.dir, "other"));
  const { cert, key } = makeCertificate(join(second.dir, "other"), ["127.0.0.1"]);
  let received = 0;
  const server: Server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    socket.on("data", (data) => (received += data.length)).on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  const address = server.address();
  const other = typeof address === "object" ? address?.port : 0;
  const output = await run(second, ["join", `rediss://pi-2@127.0.0.1:${other}`], { TEST_INPUT: token });
  expect(output).toMatchObject({ code: 1, err: expect.stringContaining("not the one that issued the token") });
  expect(received).toBe(0);
  expect(configOf(second)).toMatchObject({ joined: false });
});

test("invalid input is refused in one line, and changes nothing", async () => {
  const lines: [Lab, string[], RegExp, Record<string, string>?][] = [
    [first, ["share", "Pi_2"], /is not a valid machine name/],
    [first, ["share", "pi-2", "--address", "192.0.2.1"], /192\.0\.2\.1 is not an IPv4 address of this machine/],
    [first, ["share", "pi-2", "--port", "80"], /expected 1024 to 65535/],
    [first, ["share", "pi-2"], /say REDIS|not started by tac8/, { REDIS_URL: redis.url }],
    [first, ["unshare"], /no machine given/],
    [first, ["join", "rediss://a@h:1"], /is running here with its own Redis/],
    [second, ["join"], /no address given/],
    [second, ["join", "redis://pi-2@h:1"], /expected rediss:/],
    [second, ["join", "rediss+sentinel://pi-2@h:1,i:2/name"], /expected rediss:/],
    [
      second,
      ["join", `tac8-1.${"x".repeat(43)}.${"y".repeat(43)}`],
      /^tac8: this is a token, not an address: expected rediss:[^\n]*\n$/,
    ],
    [second, ["join", "rediss://pi-2:secret@h:1"], /is visible to every program/],
    [second, ["join", "rediss://pi-2@h:1"], /token is missing/],
    [second, ["join", "rediss://pi-2@h:1"], /that is not a token/, { TEST_INPUT: "hunter2" }],
    [second, ["join", "rediss://pi-2@h:1"], /REDIS_URL is set/, { REDIS_URL: "redis://h:1" }],
    [second, ["join", "rediss://pi-2@h:1"], /REDIS_PASSWORD is set/, { REDIS_PASSWORD: "former" }],
  ];
  for (const [lab, args, words, env = {}] of lines) {
    const output = await run(lab, args, env);
    expect(output.err).toMatch(words);
    expect(output.code).toBeGreaterThan(0);
  }
  expect([readShare(first.dataFolder), configOf(second)?.joined]).toEqual([null, false]);
  const managed = await run(first, ["share", "pi-2"], { REDIS_URL: "rediss://u@h:1", REDIS_PASSWORD: "p" });
  expect(managed).toMatchObject({
    code: 0,
    out: expect.stringContaining("set the same REDIS_URL, REDIS_PASSWORD and REDIS_CA_FILE on the other machine"),
  });
});

test("while tac8 is stopped, no other Redis is shared, and unshare takes effect at the next start", async () => {
  const token = await shareWith("pi-2");
  await redis.stop();
  const output = await run(first, ["share", "pi-3"]);
  expect(output).toMatchObject({ code: 1, err: expect.stringContaining("so there is no Redis to share: start it") });
  const shut = await run(first, ["unshare", "pi-2"]);
  expect(shut).toMatchObject({ code: 0, err: expect.stringMatching(/^tac8: .*takes effect at its next start\n$/) });
  redis = await startEmbeddedRedis({ dataFolder: first.dataFolder, warn: () => undefined });
  expect((await joinAs("pi-2", token)).err).toMatch(/refuses the connection/);
});

test("backup and restore are refused on a machine that has joined, because it does not have Redis", async () => {
  await joinAs("pi-2", await shareWith("pi-2"));
  mkdirSync(join(second.dataFolder, "issues"));
  const file = join(second.dir, "b.tgz");
  expect(await run(first, ["backup", file])).toMatchObject({ code: 0 });
  for (const args of [
    ["backup", `${file}2`],
    ["restore", file],
    ["restore", "--force", file],
  ]) {
    const output = await run(second, args);
    expect(output).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^tac8: this machine has joined [^\n]* there\n$/),
    });
  }
  expect(readdirSync(second.dataFolder)).toContain("issues");
});

test("join --leave prints that this machine is independent again, and how to stop it", async () => {
  await joinAs("pi-2", await shareWith("pi-2"));
  const left = await run(second, ["join", "--leave"]);
  expect(left).toMatchObject({ code: 0, out: expect.stringContaining("both work on the same issues") });
  expect(left.out).toMatch(/stop its runner[^]*service uninstall/);
  expect(configOf(second)).toMatchObject({ joined: false });
  expect((await run(second, ["join", "--leave"])).out).toBe("This machine has not joined another machine.\n");
});

test("a port in use changes nothing", async () => {
  const here = local();
  await here.ping();
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  const output = await run(first, ["share", "pi-2", "--address", "127.0.0.1", "--port", String(port)]);
  expect(output).toMatchObject({ code: 1, err: expect.stringContaining("cannot listen at 127.0.0.1") });
  expect([readShare(first.dataFolder), await local().ping()]).toEqual([null, "PONG"]);
});

test("Redis starts without a shared port that another program uses, with a warning", async () => {
  await shareWith("pi-2");
  await redis.stop();
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  const output: string[] = [];
  redis = await startEmbeddedRedis({ dataFolder: first.dataFolder, warn: (line) => output.push(line) });
  expect(await local().ping()).toBe("PONG");
  expect(output).toEqual([
    expect.stringContaining(`Redis starts without 127.0.0.1:${port}, which another program uses`),
  ]);
  expect(await run(first, ["share"])).toMatchObject({
    code: 0,
    out: expect.stringContaining("should listen, but does not, at"),
  });
});
