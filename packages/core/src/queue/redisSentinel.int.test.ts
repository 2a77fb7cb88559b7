import type { EventEmitter } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue, QueueEvents, Worker } from "bullmq";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificate, type Certificate } from "@tac8/sandbox/certificates";
import { withCa, withPassword, withSentinelPassword } from "../config/redisUrl.ts";
import { COMMANDS_CHANNEL } from "../state/keys.ts";
import { MASTER_NAME, startSentinels, type Sentinels } from "../testing/sentinels.fixture.ts";
import { QUEUE_NAME } from "./contract.ts";
import { connectRedis } from "./redis.ts";
import { redisErrorText, refusalAdvice, unusableRedis } from "./redisErrors.ts";

const PASSWORD = "p@ss/word ü";
const SENTINEL_PASSWORD = "of+the&sentinels";

let dir: string;
let certificate: Certificate;
let sentinels: Sentinels;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-sentinel-"));
  certificate = makeCertificate(dir, ["127.0.0.1"]);
  const passwords = { password: "admin", sentinelPassword: SENTINEL_PASSWORD };
  sentinels = await startSentinels({ dir, ...passwords, tls: certificate });
  for (const server of [sentinels.first, sentinels.second]) {
    const admin = sentinels.connect(server);
    const rules = ["on", "~tac8:*", "~bull:issues:*", "&tac8:*", "+@all", "-@dangerous", "+info"];
    await admin.acl("SETUSER", "pi-2", `>${PASSWORD}`, ...rules);
    admin.disconnect();
  }
});
afterAll(async () => {
  await sentinels.close();
  await rm(dir, { recursive: true });
});

const open = (url: string, onError: (error: Error) => void = () => undefined) =>
  connectRedis(url, { name: "test", onError });

/** As a machine has it: a user of its own, and a database. */
const address = () => `${sentinels.url.replace("://", "://pi-2@")}/3`;
const full = (url: string) =>
  withSentinelPassword(withPassword(withCa(url, certificate.ca), PASSWORD), SENTINEL_PASSWORD);

function troubleOf(url: string): Promise<Error> {
  const { promise, resolve } = Promise.withResolvers<Error>();
  const redis = open(url, resolve);
  return promise.finally(() => redis.disconnect());
}

test("what is wrong with the address of Sentinels has words", async () => {
  const unknown = await troubleOf(full(address().replace(`/${MASTER_NAME}/`, "/another/")));
  expect(redisErrorText(unknown)).toBe("the Sentinels do not know this name");
  const without = await troubleOf(withPassword(withCa(address(), certificate.ca), PASSWORD));
  expect(redisErrorText(without)).toMatch(/NOAUTH/);
  expect(refusalAdvice(redisErrorText(without))).toBe("check REDIS_SENTINEL_PASSWORD");
  const [host = ""] = /127\.0\.0\.1:\d+/.exec(sentinels.url) ?? [];
  const direct = open(withPassword(withCa(`rediss://${host}`, certificate.ca), SENTINEL_PASSWORD));
  expect(unusableRedis(await direct.info())).toMatch(/^it is a Sentinel: write redis\+sentinel/);
  direct.disconnect();
});

test("news of a fail-over while a client looks for the master does not end the client", async () => {
  interface Detector {
    readonly sentinels: readonly { readonly client: EventEmitter }[];
  }
  const redis = open(full(address()));
  expect(await redis.ping()).toBe("PONG");
  const { connector, stream } = redis as unknown as { connector: { failoverDetector: Detector }; stream: Socket };
  const [sentinel] = connector.failoverDetector.sentinels;
  const reported = new Promise<void>((resolve) =>
    redis.once("connecting", () => {
      sentinel?.client.emit("message", "+switch-master", "");
      resolve();
    }),
  );
  stream.destroy(); // As when the master dies.
  await reported;
  expect(await redis.ping()).toBe("PONG");
  redis.disconnect();
});

test("the machine of the master stops answering without closing a connection: commands, worker and messages continue with the replica, with TLS, user and database", async () => {
  const redis = open(full(address()));
  const blocking = open(full(address()));
  const ear = open(full(address()));
  const moved = (client: typeof redis) => new Promise((resolve) => client.once("ready", resolve));
  expect(await redis.client("INFO")).toMatch(/ db=3 .* user=pi-2/);
  await ear.subscribe(COMMANDS_CHANNEL);
  const received = new Promise((resolve) => ear.once("message", (_, text) => resolve(text)));
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  const events = new QueueEvents(QUEUE_NAME, { connection: blocking });
  const worker = new Worker(QUEUE_NAME, async (job) => job.id, { connection: blocking });
  queue.on("error", () => undefined);
  events.on("error", () => undefined);
  worker.on("error", () => undefined);
  await events.waitUntilReady();
  const done = async (jobId: string) => {
    const job = await queue.add("issue", {}, { jobId });
    return job.waitUntilFinished(events, 60_000);
  };
  expect(await done("octo.hello.1")).toBe("octo.hello.1");
  await redis.wait(1, 10_000);

  const subscribed = moved(ear);
  process.kill(sentinels.first.pid, "SIGSTOP");
  expect(await done("octo.hello.2")).toBe("octo.hello.2");
  expect(await redis.info("replication")).toMatch(/role:master/);
  expect(await queue.getJob("octo.hello.1")).toBeDefined();
  await subscribed;
  await ear.subscribe(COMMANDS_CHANNEL);
  await redis.publish(COMMANDS_CHANNEL, "octo.hello.2");
  expect(await received).toBe("octo.hello.2");

  await worker.close();
  await events.close();
  await queue.close();
  for (const each of [redis, blocking, ear]) each.disconnect();
}, 120_000);
