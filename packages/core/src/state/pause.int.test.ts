import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { readEvents } from "./events.ts";
import { setHold } from "./holds.ts";
import { PAUSES_CHANNEL, PAUSES_KEY } from "./keys.ts";
import { endHold, pauseAll, pauseOf, pauseRunner, readPause, readPauses, resumeAll, resumeRunner } from "./pause.ts";
import { startTestRedis, type TestRedis } from "./redisServer.fixture.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(() => server.redis.flushall());

const logged = async () =>
  (await readEvents(server.redis, { count: 50 })).map(({ to, by, reason }) => [to, by, reason]);

it("a pause of everything is begun and ended once, and says who and why", async () => {
  const { redis } = server;
  const first = await pauseAll(redis, { by: "ann@pi", reason: "lunch", now: 1 });
  expect(first).toEqual({
    began: true,
    hold: { name: "operator", by: "ann@pi", reason: "lunch", since: 1, until: null },
  });
  expect(await pauseAll(redis, { by: "bob@mac", reason: "dinner", now: 2 })).toEqual({ ...first, began: false });
  await setHold(redis, { name: "auth", by: "runner pi/0", reason: "401", since: 3, until: null });
  const left = [{ name: "auth", by: "runner pi/0", reason: "401", since: 3, until: null }];
  expect(await resumeAll(redis, { by: "bob@mac", now: 4 })).toEqual({ ended: true, holds: left });
  expect(await resumeAll(redis, { by: "bob@mac", now: 4 })).toEqual({ ended: false, holds: left });
  expect(await endHold(redis, { name: "auth", by: "bob@mac", now: 5 })).toEqual({ ended: true, holds: [] });
  expect(await logged()).toEqual([
    ["hold", "ann@pi", "lunch"],
    ["hold", "runner pi/0", "401"],
    ["unhold", "bob@mac", "ended by a user"],
    ["unhold", "bob@mac", "ended by a user"],
  ]);
});

it("a pause of one runner is begun and ended once, and wakes it", async () => {
  const { redis } = server;
  const ear = server.connect();
  await ear.subscribe(PAUSES_CHANNEL);
  const received = new Promise((resolve) => ear.once("message", (_, runner) => resolve(runner)));
  const pause = { by: "ann@pi", reason: "upgrade", since: 1, name: "pi/0" };
  const wish = { runner: { name: "pi/0" }, by: "ann@pi", reason: "upgrade", now: 1 };
  expect(await pauseRunner(redis, wish)).toEqual({ began: true, pause });
  expect(await received).toBe("pi/0");
  expect(await pauseRunner(redis, { ...wish, by: "bob@mac", now: 2 })).toEqual({ began: false, pause });
  await redis.hset(PAUSES_KEY, "damaged", "{");
  expect([...(await readPauses(redis))]).toEqual([["pi/0", pause]]);
  expect(await resumeRunner(redis, { runner: { name: "pi/0" }, by: "bob@mac" })).toEqual(pause);
  expect(await resumeRunner(redis, { runner: { name: "pi/0" }, by: "bob@mac" })).toBeNull();
  expect(await logged()).toEqual([
    ["note", "ann@pi", "runner pi/0 paused: upgrade"],
    ["note", "bob@mac", "runner pi/0 resumed"],
  ]);
});

it("a pause is one runner's, whatever others are called", async () => {
  const { redis } = server;
  const [one, other] = [
    { id: "a/0", name: "pi/0" },
    { id: "b/0", name: "pi/0" },
  ];
  await pauseRunner(redis, { runner: one, by: "ann@pi", reason: "upgrade", now: 1 });
  expect(await readPause(redis, one)).toMatchObject({ by: "ann@pi" });
  expect(await readPause(redis, other)).toBeNull();
  expect(await resumeRunner(redis, { runner: other, by: "bob@mac" })).toBeNull();
  expect(pauseOf(await readPauses(redis), one)).toMatchObject({ name: "pi/0" });
});

it("a pause of an older version, by the machine's name, counts until it is resumed", async () => {
  const { redis } = server;
  const runner = { id: "a/0", name: "pi-new/0", formerId: "pi/0" };
  const pause = { by: "ann@pi", reason: "upgrade", since: 1 };
  await redis.hset(PAUSES_KEY, "pi/0", JSON.stringify(pause));
  expect([await readPause(redis, runner), pauseOf(await readPauses(redis), runner)]).toEqual([pause, pause]);
  const again = await pauseRunner(redis, { runner, by: "bob@mac", reason: "again", now: 2 });
  expect(again).toEqual({ began: false, pause });
  expect(await resumeRunner(redis, { runner, by: "bob@mac" })).toEqual(pause);
  expect(await readPauses(redis)).toEqual(new Map());
});
