import { startTimeOf } from "@tac8/core/process/procfs";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { connectRedis } from "@tac8/core/queue/redis";
import { redisAddress, socketOf, withPassword, withPasswordFile } from "@tac8/core/config/redisUrl";
import { sharePassword } from "@tac8/core/config/joined";
import { startRedisServer } from "@tac8/sandbox/redis";
import { Queue, QueueEvents, Worker } from "bullmq";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startEmbeddedRedis } from "./embedded.ts";
import { readRecord, redisUrlIn } from "./record.ts";
import { makeSocketPlace } from "./socketPlace.ts";

let dir: string;
const cleanups: (() => unknown)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-own-redis-"));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await rm(dir, { recursive: true, force: true });
});

const start = async (home: string) => {
  const redis = await startEmbeddedRedis({ dataFolder: home, warn: () => undefined });
  cleanups.push(() => redis.stop());
  return redis;
};
const modeOf = (path: string) => (lstatSync(path).mode & 0o777).toString(8);
const longHome = () => {
  const home = join(dir, "long".repeat(30));
  mkdirSync(home);
  return home;
};

/** Return the inodes of the TCP sockets on which a process listens. */
function listeningTcp(pid: number): string[] {
  const inodes = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const found = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    return found === undefined ? [] : [found];
  });
  const rows = ["tcp", "tcp6"].flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, "utf8").split("\n").slice(1));
  const listening = rows.map((row) => row.trim().split(/\s+/)).filter((fields) => fields[3] === "0A");
  return listening.flatMap((fields) => inodes.filter((inode) => inode === fields[9]));
}

test("listens on a socket that only its user can open, and on no TCP port", async () => {
  const onTcp = await startRedisServer({ dir });
  cleanups.push(() => onTcp.stop("SIGKILL"));
  expect(listeningTcp(onTcp.pid), "what it would look like").toHaveLength(1);

  mkdirSync(join(dir, "redis"));
  chmodSync(join(dir, "redis"), 0o755); // As an older version left it.
  const { url } = await start(dir);
  const path = join(dir, "redis", "redis.sock");
  expect(url).toBe(`unix://${path}`);
  expect(redisUrlIn([dir])).toBe(withPasswordFile(url, sharePassword(dir)));
  expect([modeOf(dirname(path)), modeOf(path)]).toEqual(["700", "600"]);
  expect(listeningTcp(readRecord(dir)?.pid ?? 0)).toEqual([]);
});

test("starts again when its socket is removed", async () => {
  const output: string[] = [];
  const again = Promise.withResolvers<void>();
  const warn = (line: string) => {
    output.push(line);
    if (line.endsWith("is running again")) again.resolve();
  };
  const redis = await startEmbeddedRedis({ dataFolder: dir, warn });
  cleanups.push(() => redis.stop());
  const path = join(dir, "redis", "redis.sock");
  rmSync(path);
  await again.promise;
  expect(output[0]).toBe(
    `the socket ${path} of Redis was removed, so Redis was stopped unexpectedly; restarting it in 1 s`,
  );
  expect(lstatSync(path).isSocket()).toBe(true);
  expect(await redis.stop()).toBe(true);
});

test.each([null, "p +&=%41?"])(
  "BullMQ and its blocking connection work over it, with password %j",
  async (password) => {
    const { url } = await start(dir);
    const first = connectRedis(url, { name: "test", onError: () => undefined });
    if (password !== null) await first.config("SET", "requirepass", password);
    first.disconnect();
    const redis = connectRedis(withPassword(url, password), { name: "test", onError: () => undefined });
    const queue = new Queue(QUEUE_NAME, { connection: redis });
    const events = new QueueEvents(QUEUE_NAME, { connection: redis });
    const worker = new Worker(QUEUE_NAME, async ({ data }) => data as string, { connection: redis });
    cleanups.push(async () => {
      await Promise.all([worker.close(), events.close(), queue.close()]);
      redis.disconnect();
    });
    await events.waitUntilReady();
    const job = await queue.add("x", "done");
    expect(await job.waitUntilFinished(events)).toBe("done");
  },
);

test("a data folder whose path is too long for a socket has its socket in a private folder below /tmp, always the same", async () => {
  const home = longHome();
  const redis = await start(home);
  const { url } = redis;
  const path = socketOf(url)?.path ?? "";
  cleanups.unshift(() => rm(dirname(path), { recursive: true, force: true }));
  expect(path).toMatch(/^\/tmp\/tac8-\d+-[0-9a-f]{16}\/redis\.sock$/);
  expect([modeOf(dirname(path)), modeOf(path)]).toEqual(["700", "600"]);
  expect([redisUrlIn([home]), redisAddress(url)]).toEqual([withPasswordFile(url, sharePassword(home)), path]);
  const client = connectRedis(url, { name: "test", failFast: true, onError: () => undefined });
  expect(await client.ping()).toBe("PONG");
  client.disconnect();
  await redis.stop();
  expect(makeSocketPlace(home)).toBe(path);
});

test.each([
  ["may be used by others", (folder: string) => mkdirSync(folder, { mode: 0o755 }), /is accessible to other users/],
  ["is a link", (folder: string) => symlinkSync(dir, folder), /is not a folder/],
])("… and does not start if that folder %s", async (_, squat, why) => {
  const home = longHome();
  const folder = dirname(makeSocketPlace(home));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  rmSync(folder, { recursive: true });
  squat(folder);
  await expect(startEmbeddedRedis({ dataFolder: home, warn: () => undefined })).rejects.toThrow(why);
  expect(readRecord(home)).toBeNull();
});

test("a Redis on a port that an older version has left is found and stopped, and its data is used", async () => {
  mkdirSync(join(dir, "redis"));
  const old = await startRedisServer({ dir: join(dir, "redis") });
  cleanups.push(() => old.stop("SIGKILL"));
  const before = connectRedis(old.url, { name: "test", onError: () => undefined });
  await before.set("kept", "yes");
  before.disconnect();
  const written = { pid: old.pid, startTime: startTimeOf(old.pid), port: Number(new URL(old.url).port) };
  writeFileSync(join(dir, "redis", "redis.json"), JSON.stringify(written));
  expect(redisUrlIn([dir])).toBe(old.url);

  const { url } = await start(dir);
  await old.exited;
  const redis = connectRedis(url, { name: "test", failFast: true, onError: () => undefined });
  expect(await redis.get("kept")).toBe("yes");
  redis.disconnect();
});
