import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { chooseEvents, eventPages } from "./eventPages.ts";
import { readEventsFrom } from "./eventFeed.ts";
import { appendEvent } from "./events.ts";
import { EVENTS_KEY } from "./keys.ts";
import { startTestRedis, type TestRedis } from "./redisServer.fixture.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(() => server.redis.flushall());

/** One a second from 1000 ms on; every tenth is of issue `a`, the others of `b`. */
async function fill(count: number): Promise<void> {
  const pipeline = server.redis.pipeline();
  for (let n = 1; n <= count; n += 1) {
    pipeline.xadd(EVENTS_KEY, `${n * 1000}-0`, "issue", n % 10 === 0 ? "a" : "b", "to", "note", "reason", `${n}`);
  }
  await pipeline.exec();
}

const reasons = (events: readonly { readonly reason: string }[]) => events.map(({ reason }) => Number(reason));

test("reads backwards, page by page, and no further than asked", async () => {
  await fill(2500);
  const sizes: number[] = [];
  for await (const page of eventPages(server.redis)) sizes.push(page.length);
  expect(sizes).toEqual([1000, 1000, 500]);
  const young: number[] = [];
  for await (const page of eventPages(server.redis, 1_400_000)) young.push(...reasons(page));
  expect([young.length, Math.min(...young)]).toEqual([1101, 1400]);
});

test("chooses the newest, oldest first, and says whether there are older ones", async () => {
  await fill(2500);
  const all = { issue: null, since: 0, limit: 3 };
  expect(await chooseEvents(server.redis, all)).toMatchObject({
    events: [{ reason: "2498" }, { reason: "2499" }, { reason: "2500" }],
    more: true,
  });
  const own = await chooseEvents(server.redis, { issue: "a", since: 0, limit: 150 });
  expect([own.more, own.events.length, own.events[0]?.reason, own.events.at(-1)?.reason]).toEqual([
    true,
    150,
    "1010",
    "2500",
  ]);
  const few = await chooseEvents(server.redis, { issue: "a", since: 2_480_000, limit: 150 });
  expect([few.more, reasons(few.events)]).toEqual([false, [2480, 2490, 2500]]);
  const exact = await chooseEvents(server.redis, { issue: "a", since: 0, limit: 250 });
  expect([exact.more, exact.events.length]).toEqual([false, 250]);
});

test("an empty log has nothing", async () => {
  expect(await chooseEvents(server.redis, { issue: null, since: 0, limit: 5 })).toEqual({ events: [], more: false });
});

test("the feed gives what is there, then waits for what comes", async () => {
  await fill(2);
  const reader = server.connect();
  expect(reasons(await readEventsFrom(reader, "1000-0"))).toEqual([2]);
  const next = readEventsFrom(reader, "2000-0");
  const event = { event: "issue:queued", issue: "c", from: "", by: "t", reason: "3" } as const;
  await appendEvent(server.redis, { ...event, evidence: { priority: "P1", label_event: 1 } });
  expect(await next).toMatchObject([{ issue: "c", to: "queued" }]);
});
