import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificate, type Certificate } from "@tac8/sandbox/certificates";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { withCa, withPassword } from "../config/redisUrl.ts";
import { createIssueStore } from "../state/issueStore.ts";
import { pauseRunner } from "../state/pause.ts";
import { COMMANDS_CHANNEL } from "../state/keys.ts";
import { QUEUE_NAME } from "./contract.ts";
import { connectRedis } from "./redis.ts";
import { redisErrorText, unusableRedis } from "./redisErrors.ts";

/** As in docs/machines.md, for a machine of its own. */
const RULES = ["on", "~tac8:*", "~bull:issues:*", "&tac8:*", "+@all", "-@dangerous", "+info"];
const PASSWORD = "p@ss/word ü";

let dir: string;
let certificate: Certificate;
let server: RedisServer;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-redis-tls-"));
  certificate = makeCertificate(dir, ["127.0.0.1"]);
  server = await startRedisServer({ dir, tls: certificate, settings: { requirepass: "admin" } });
  const ca = await readFile(certificate.ca, "utf8");
  const admin = new Redis(withPassword(server.url, "admin"), { tls: { ca } });
  await admin.acl("SETUSER", "pi-2", `>${PASSWORD}`, ...RULES);
  admin.disconnect();
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

const trusted = (url: string) => withCa(url, certificate.ca);
const open = (url: string, onError: (error: Error) => void = () => undefined) =>
  connectRedis(url, { name: "test", onError });

function troubleOf(url: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const redis = open(url, (error) => resolve(redisErrorText(error)));
  return promise.finally(() => redis.disconnect());
}

test("TLS with a CA file, an ACL user and a database number: everything that tac8 does works there", async () => {
  const url = withPassword(trusted(server.url.replace("rediss://", "rediss://pi-2@")).replace("?", "/3?"), PASSWORD);
  const redis = open(url);
  const blocking = open(url);
  const ear = open(url);
  expect(await redis.client("INFO")).toMatch(/ db=3 .* user=pi-2/);
  expect(unusableRedis(await redis.info())).toBeNull();
  await ear.subscribe(COMMANDS_CHANNEL);
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  const events = new QueueEvents(QUEUE_NAME, { connection: blocking });
  await events.waitUntilReady();
  const worker = new Worker(QUEUE_NAME, async (job) => createIssueStore(redis).read(job.id ?? ""), {
    connection: blocking,
  });
  const job = await queue.add("issue", {}, { jobId: "octo.hello.1", priority: 3, delay: 1 });
  expect(await job.waitUntilFinished(events)).toMatchObject({ state: null });
  await queue.setGlobalConcurrency(1);
  await queue.removeGlobalConcurrency();
  await queue.pause();
  await queue.resume();
  await pauseRunner(redis, { runner: { name: "pi/0" }, by: "ann", reason: "r", now: 1 });
  expect(await redis.info("memory")).toContain("used_memory");
  await worker.close();
  await events.close();
  await queue.close();
  for (const each of [redis, blocking, ear]) each.disconnect();
});

test("without the CA's file, and for another host's name, the trouble has words", async () => {
  expect(await troubleOf(withPassword(server.url, "admin"))).toMatch(/REDIS_CA_FILE/);
  const elsewhere = trusted(server.url.replace("127.0.0.1", "localhost"));
  expect(await troubleOf(withPassword(elsewhere, "admin"))).toMatch(/certificate is for another host name|refused/);
});

test("a Redis Cluster is named as what it is", async () => {
  const cluster = await startRedisServer({
    dir,
    settings: { "cluster-enabled": "yes", appendfilename: "cluster.aof", "cluster-config-file": "nodes.conf" },
  });
  const redis = open(cluster.url);
  expect(unusableRedis(await redis.info())).toMatch(/^it is a Redis Cluster/);
  redis.disconnect();
  await cluster.stop();
});
