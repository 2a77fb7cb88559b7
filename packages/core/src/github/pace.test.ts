import { expect, test } from "vitest";
import { createPace, type Paced } from "./pace.ts";

const HOUR_MS = 3_600_000;
const once = { waitAfter: () => null };
const get: Paced = { method: "GET", url: "/repos/{owner}/{repo}" };
const post: Paced = { method: "POST", url: "/repos/{owner}/{repo}/issues" };
const query: Paced = { method: "POST", url: "http://localhost/api/graphql" };

/** A request whose end the test decides. */
function open(pace: ReturnType<typeof createPace>, paced: Paced) {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<string>();
  let isBegun = false;
  const answer = pace(paced, () => {
    isBegun = true;
    begun.resolve();
    return end.promise;
  });
  answer.catch(() => undefined);
  return { answer, begun: begun.promise, isBegun: () => isBegun, end };
}

test("ten requests are on their way at once, and the next one follows the first that ends", async () => {
  const pace = createPace({ writeIntervalMs: 0, ...once });
  const first = Array.from({ length: 10 }, () => open(pace, get));
  const more = [open(pace, get), open(pace, get)];
  await Promise.all(first.map(({ begun }) => begun));
  expect(more.map(({ isBegun }) => isBegun())).toEqual([false, false]);
  first[3]?.end.reject(new Error("no"));
  await expect(first[3]?.answer).rejects.toThrow("no");
  await more[0]?.begun;
  expect(more[1]?.isBegun()).toBe(false);
  first[4]?.end.resolve("yes");
  expect(await first[4]?.answer).toBe("yes");
  await more[1]?.begun;
});

test("a call that is aborted while it waits does not block the others", async () => {
  const pace = createPace({ writeIntervalMs: 0, ...once });
  const first = Array.from({ length: 10 }, () => open(pace, get));
  const controller = new AbortController();
  const given = open(pace, { ...get, request: { signal: controller.signal } });
  const last = open(pace, get);
  await Promise.all(first.map(({ begun }) => begun));
  controller.abort(new Error("enough"));
  await expect(given.answer).rejects.toThrow("enough");
  first[0]?.end.resolve("");
  await last.begun;
  expect(given.isBegun()).toBe(false);
});

test("a query by GraphQL waits for no write, and no write for it", async () => {
  const pace = createPace({ writeIntervalMs: HOUR_MS, ...once });
  for (const paced of [query, post, query, get]) {
    const { begun, end, answer } = open(pace, paced);
    await begun;
    end.resolve("");
    await answer;
  }
  const controller = new AbortController();
  const second = open(pace, { ...post, request: { signal: controller.signal } });
  const other = open(pace, query);
  await other.begun;
  expect(second.isBegun()).toBe(false);
  controller.abort();
  await expect(second.answer).rejects.toThrow(/abort/i);
});

test("a failure that may pass is tried again as often as is said, and an abort ends the wait", async () => {
  const tries: number[] = [];
  const pace = createPace({
    writeIntervalMs: 0,
    waitAfter: (_error, _paced, tried) => {
      tries.push(tried);
      return tried < 3 ? 0 : null;
    },
  });
  await expect(pace(get, () => Promise.reject(new Error(`failed ${tries.length}`)))).rejects.toThrow("failed 2");
  expect(tries).toEqual([1, 2, 3]);

  const controller = new AbortController();
  const patient = createPace({
    writeIntervalMs: 0,
    waitAfter: () => {
      controller.abort();
      return HOUR_MS;
    },
  });
  const paced = { ...get, request: { signal: controller.signal } };
  await expect(patient(paced, () => Promise.reject(new Error("no")))).rejects.toThrow(/abort/i);
});
