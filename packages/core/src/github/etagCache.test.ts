import { expect, test } from "vitest";

import { createEtagCache } from "./etagCache.ts";

const answer = (body: string) => ({ etag: "e", body, link: null, contentType: "j" });

test("the least recently used entry goes first", () => {
  const cache = createEtagCache({ maxEntries: 2 });
  cache.set("a", answer("1"));
  cache.set("b", answer("2"));
  cache.get("a");
  cache.set("c", answer("3"));
  expect([cache.get("a")?.body, cache.get("b"), cache.get("c")?.body]).toEqual(["1", undefined, "3"]);
});

test("the size is bounded, and replacing an entry does not count it twice", () => {
  const cache = createEtagCache({ maxBytes: 100 });
  for (let round = 0; round < 50; round += 1) cache.set("a", answer("x".repeat(20)));
  expect([cache.size, cache.bytes]).toEqual([1, 46]);
  cache.set("b", answer("x".repeat(20)));
  expect([cache.size, cache.bytes]).toEqual([2, 92]);
  cache.set("c", answer("x".repeat(20)));
  expect(cache.get("a")).toBeUndefined();
  cache.set("b", answer("x".repeat(100)));
  expect([cache.get("b"), cache.get("c")?.etag, cache.bytes]).toEqual([undefined, "e", 46]);
});
