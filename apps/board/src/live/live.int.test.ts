import { request, type IncomingMessage } from "node:http";
import { afterEach, expect, test } from "vitest";
import { announceRunner } from "@tac8/core/state/presence";
import { ask, Cleanup, KNOWN, setUpBoard, setUpRedis } from "../board.fixture.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Open a stream. `seen` resolves when the received text matches. */
async function listen(url: string) {
  const outgoing = request(url, { agent: false, headers: KNOWN }).end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve).once("error", reject);
  });
  cleanup.add(() => outgoing.destroy());
  let text = "";
  const waiting = new Set<() => void>();
  response.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (const check of waiting) check();
  });
  const ended = new Promise<void>((resolve) => response.once("close", resolve));
  response.on("error", () => undefined);
  return {
    status: response.statusCode,
    type: response.headers["content-type"],
    ended,
    text: () => text,
    close: () => outgoing.destroy(),
    seen: (wanted: RegExp) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (!wanted.test(text)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

const runner = (name: string) => ({ name, at: Date.now(), host: "pi", pid: 1, slots: 1, busy: 0 });

test("a stream sends every part, then only what changes", async () => {
  const { redis } = await setUpRedis(cleanup);
  const { url } = await setUpBoard(cleanup, { redis });
  const stream = await listen(`${url}/events`);
  expect([stream.status, stream.type]).toEqual([200, "text/event-stream; charset=utf-8"]);
  await stream.seen(/"id":"charts"/);
  await announceRunner(redis, runner("<new>"));
  await stream.seen(/&lt;new&gt;/);
  expect(stream.text().match(/"id":"charts"/g)).toHaveLength(1);
});

test("viewers share one reading", async () => {
  const { redis } = await setUpRedis(cleanup);
  const { url } = await setUpBoard(cleanup, { redis });
  const streams = await Promise.all(Array.from({ length: 5 }, () => listen(`${url}/events`)));
  const calls = async () => Number(/cmdstat_xrevrange:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
  await Promise.all(streams.map((stream) => stream.seen(/"id":"charts"/)));
  // The newest events, the snapshots of stopped jobs, and once the samples.
  expect(await calls()).toBe(3);
});

test("the number of streams is limited, and streams of viewers who disconnect are freed", async () => {
  const { redis } = await setUpRedis(cleanup);
  const { url } = await setUpBoard(cleanup, { redis });
  const streams = await Promise.all(Array.from({ length: 50 }, () => listen(`${url}/events`)));
  expect(streams.every(({ status }) => status === 200)).toBe(true);
  const refused = await ask(`${url}/events`);
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "10"]);
  expect(refused.body).toContain("Too many");
  expect((await ask(url)).status).toBe(200);
  streams[0]?.close();
  // The server notices the disconnection some time later.
  for (;;) {
    const again = await listen(`${url}/events`);
    again.close();
    if (again.status === 200) break;
  }
});

test("an unreachable Redis is reported, and updates continue when it is back", async () => {
  const { redis, server } = await setUpRedis(cleanup);
  const { url } = await setUpBoard(cleanup, { redis });
  const stream = await listen(`${url}/events`);
  await stream.seen(/"id":"charts"/);
  process.kill(server.pid, "SIGSTOP");
  try {
    await stream.seen(/data: "redis-unreachable"/);
  } finally {
    process.kill(server.pid, "SIGCONT");
  }
  await stream.seen(/data: "redis-unreachable"[^]*data: "live"/);
  await announceRunner(redis, runner("later"));
  await stream.seen(/later/);
});

test("closing the board ends its streams", async () => {
  const { redis } = await setUpRedis(cleanup);
  const board = await setUpBoard(cleanup, { redis });
  const stream = await listen(`${board.url}/events`);
  await stream.seen(/"id":"charts"/);
  await Promise.all([board.close(), stream.ended]);
});
