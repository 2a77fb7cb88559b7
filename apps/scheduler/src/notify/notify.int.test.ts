import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Config } from "@tac8/core/config/resolve";
import { readPending } from "./store.ts";
import type { FormerEvent } from "@tac8/core/domain/formerEvents";
import { appendFormer } from "@tac8/core/testing/formerEvents.fixture";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { COMPILE_CACHE } from "@tac8/sandbox/node/compileCache";
import { freePort } from "@tac8/sandbox/redis";
import { createHarness, tokenOf, type Harness } from "../harness.fixture.ts";
import { createNotifier } from "./notify.ts";

interface Got {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
}
type Reply = (response: ServerResponse, got: Got) => void;

let at: Harness;
let place: Server;
let got: Got[];
let reply: Reply;
let ahead: number;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  at = await createHarness();
  got = [];
  ahead = 0;
  reply = (response) => void response.end("ok");
  place = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      const one = { path: request.url ?? "", headers: request.headers, body: JSON.parse(text) as Got["body"] };
      got.push(one);
      reply(response, one);
    });
  }).listen(0, "127.0.0.1");
  await once(place, "listening");
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  place.closeAllConnections();
  place.close();
  await at.close();
});

const origin = () => `http://127.0.0.1:${(place.address() as AddressInfo).port}`;
const webhook = () => ({ ...NO_TARGETS, webhookUrl: `${origin()}/hook` });
const NO_TARGETS = { slackUrl: null, ntfyUrl: null, ntfyToken: null, webhookUrl: null };

/** Create the notifier of a scheduler that has just started. */
function notifier(change: { notify?: Partial<Config["notify"]>; places?: Config["secrets"]["notify"] } = {}) {
  const { config, redis, queue, store, services } = at;
  const { log } = services;
  const secrets = { ...config.secrets, notify: change.places ?? webhook() };
  // Whether a summary is due would depend on the time of day at which the tests run.
  const notify = { ...config.notify, daily_summary: false, ...change.notify };
  const given = { notify, secrets, github: config.github };
  const { signal } = new AbortController();
  return createNotifier({ config: given, redis, queue, store, log, now: () => Date.now() + ahead, signal });
}

const log = (change: Partial<FormerEvent>) =>
  appendFormer(at.redis, {
    issue: "octo.widgets.1",
    from: "running",
    to: "failed",
    by: "t",
    reason: "",
    evidence: {},
    ...change,
  });
const reasons = () => got.map(({ body }) => String(body["text"]).split("\n").at(-1));
const logged = () => at.logged.join("");

test("events before the first start cause no notification; new ones cause one each, across restarts", async () => {
  await log({ reason: "old" });
  await notifier()();
  expect(got).toEqual([]);
  await log({ reason: "one" });
  await Promise.all([notifier()(), notifier()()]);
  await log({ reason: "two" });
  for (let start = 0; start < 3; start += 1) await notifier()();
  expect(reasons()).toEqual(["one", "two"]);
  expect(new Set(got.map(({ body }) => body["id"])).size).toBe(2);
});

test("a target that is configured later gets only newer events", async () => {
  await notifier()();
  await log({ reason: "before a target was configured" });
  await notifier({ places: NO_TARGETS })();
  await log({ reason: "before" });
  await notifier()();
  await log({ reason: "after" });
  await notifier()();
  expect(reasons()).toEqual(["after"]);
});

test("every target gets its format, without secrets, with the issue's title, question and page", async () => {
  const number = at.openIssue({ title: "Say hello <b>" });
  await at.poll();
  const job = await at.take();
  const places = {
    slackUrl: `${origin()}/slack`,
    ntfyUrl: `${origin()}/topic`,
    ntfyToken: "tk_x",
    webhookUrl: `${origin()}/hook`,
  };
  const deliver = notifier({ places });
  await deliver();
  const token = tokenOf(at.config);
  await job.park("blocked", { "question.text": `Is it ${token}?` });
  await log({ issue: at.jobId(number), to: "blocked", reason: "asks" });
  await deliver();
  const of = (path: string) => got.find((one) => one.path === path);
  const url = `${at.github.url}/octo/widgets/issues/${number}`;
  const text = "Say hello <b>\nIs it [redacted]?";
  const title = `octo/widgets#${number} is blocked`;
  expect(of("/hook")?.body).toMatchObject({ v: 1, kind: "blocked", title, text, issue: `octo/widgets#${number}`, url });
  expect(of("/slack")?.body).toEqual({ text: `*${title}*\nSay hello &lt;b&gt;\nIs it [redacted]?\n<${url}>` });
  expect(of("/")).toMatchObject({
    headers: { authorization: "Bearer tk_x" },
    body: { topic: "topic", title, message: text, click: url },
  });
  expect(JSON.stringify(got) + logged()).not.toContain(token);
});

test("an unreachable target is retried with increasing waits, and does not delay the others", async () => {
  const dead = `http://127.0.0.1:${await freePort()}/slack`;
  const deliver = notifier({ places: { ...webhook(), slackUrl: dead } });
  await deliver();
  await log({ reason: "one" });
  await deliver();
  await deliver();
  expect(reasons()).toEqual(["one"]);
  const tries = () => logged().split("could not notify slack").length - 1;
  expect(tries()).toBe(1);
  ahead += 5000;
  await deliver();
  ahead += 5000;
  await deliver();
  expect(tries()).toBe(2);
  expect(await readPending(at.redis)).toMatchObject([{ target: "slack", tries: 2 }]);
  expect(logged()).not.toContain("/slack");
});

test("a busy target gets the message later, one that rejects it never, and one that does not respond only once", async () => {
  const answers: Reply[] = [
    (response) => void response.writeHead(503).end("busy"),
    (response) => void response.end("ok"),
    (response) => void response.writeHead(404).end("no_team"),
    (response) => void response.destroy(),
    (response) => void response.end("ok"),
  ];
  reply = (response, one) => answers.shift()?.(response, one);
  const deliver = notifier();
  await deliver();
  for (const reason of ["busy", "refused", "silent", "fine"]) {
    await log({ reason });
    await deliver();
    ahead += 6000;
    await deliver();
  }
  expect(reasons()).toEqual(["busy", "busy", "refused", "silent", "fine"]);
  expect(logged()).toContain("webhook rejects a message: it responded with 404: no_team");
  expect(logged()).toContain("webhook may not have received a message");
  expect(await readPending(at.redis)).toEqual([]);
});

test("the number of pending messages is limited: the oldest are dropped with a warning", async () => {
  const deliver = notifier({ places: { ...NO_TARGETS, webhookUrl: `http://127.0.0.1:${await freePort()}/` } });
  await deliver();
  for (let part = 0; part < 3; part += 1) {
    // More than ten in one millisecond, so that the ids differ only in their last number.
    await Promise.all(Array.from({ length: 60 }, (_, n) => log({ reason: `${part}.${n}` })));
    await deliver();
  }
  const left = (await readPending(at.redis)).map(({ message }) => message.text);
  expect(left).toHaveLength(50);
  expect([left.at(0), left.at(-1)]).toEqual(["2.10", "2.59"]);
  expect(logged()).toContain("10 older messages were dropped: too many at once");
  expect(logged()).toContain("dropped 50 messages for webhook");
  ahead += 25 * 3_600_000;
  await deliver();
  expect((await readPending(at.redis)).filter(({ message }) => message.kind === "failed")).toEqual([]);
});

test("a hold is reported with its end, and a flapping hold only once per 30 minutes", async () => {
  const deliver = notifier();
  await deliver();
  const hold = { name: "usage-limit", reason: "limit", by: "runner pi/0", since: Date.now(), until: null };
  for (let n = 0; n < 5; n += 1) {
    await setHold(at.redis, hold);
    await setHold(at.redis, { ...hold, reason: "longer" });
    await deliver();
    await clearHold(at.redis, hold.name, "scheduler", "it expired");
    await deliver();
  }
  await setHold(at.redis, hold);
  await deliver();
  const kinds = () => got.map(({ body }) => body["kind"]);
  expect(kinds()).toEqual(["hold-begun", "hold-ended"]);
  ahead += 31 * 60_000;
  await notifier()();
  expect(kinds()).toEqual(["hold-begun", "hold-ended", "hold-begun"]);
  expect(got.at(-1)?.body["text"]).toContain("started and ended");
});

test("the summary of a day is sent once, at its time", async () => {
  const daily = { notify: { daily_summary: true } };
  const noon = new Date().setHours(12, 0, 0, 0);
  ahead = noon - Date.now();
  await notifier(daily)();
  await notifier(daily)();
  expect(got).toEqual([]);
  ahead += 24 * 3_600_000;
  await notifier(daily)();
  await notifier(daily)();
  expect(got.map(({ body }) => body["kind"])).toEqual(["summary"]);
  ahead += 24 * 3_600_000;
  await notifier()();
  expect(got).toHaveLength(1);
});

async function scheduler(): Promise<ChildProcess> {
  const path = join(at.dir, "config.toml");
  await writeFile(
    path,
    `[github]\nrepo_owner = "octo"\nrepo_name = "widgets"\n[coordinator]\npoll_interval_seconds = 1\n`,
  );
  const child = spawn(process.execPath, [join(import.meta.dirname, "../main.ts")], {
    env: {
      ...COMPILE_CACHE,
      PATH: process.env["PATH"],
      TAC8_CONFIG: path,
      TAC8_HOME: join(at.dir, "home"),
      REDIS_URL: at.redisServer.url,
      GITHUB_API_URL: at.github.url,
      GITHUB_TOKEN: tokenOf(at.config),
      TAC8_WEBHOOK_URL: `${origin()}/hook`,
    },
    stdio: ["ignore", "ignore", "ignore"],
  });
  cleanups.push(() => child.kill("SIGKILL"));
  return child;
}

test("a scheduler that is killed while it sends a message does not send it again after a restart", async () => {
  await notifier()(); // The log's end is where it begins.
  await log({ reason: "one" });
  const first = await scheduler();
  const ended = once(first, "exit");
  reply = () => void first.kill("SIGKILL");
  await ended;
  reply = (response) => void response.end("ok");
  await log({ reason: "two" });
  await scheduler();
  await at.github.waitFor(() => got.length >= 2, { what: "the second message" });
  expect(reasons()).toEqual(["one", "two"]);
  ahead += 61_000;
  await notifier()();
  expect(logged()).toContain("webhook may not have received 1 messages: sending was interrupted");
  expect(reasons()).toEqual(["one", "two"]);
});
