import { expect, it } from "vitest";
import { passwordOf, redisAddress, socketOf, socketUrl, withoutPassword, withPassword } from "./redisUrl.ts";

it.each(["/run/redis.sock", "/a b/c%d?e#f/ü.sock"])("the address of the socket %j leads back to it", (path) => {
  expect(socketOf(socketUrl(path))).toEqual({ path, db: 0 });
  expect(socketOf(`${socketUrl(path)}?db=7`)).toEqual({ path, db: 7 });
  expect(redisAddress(socketUrl(path))).toBe(path);
});

it.each([
  ["redis://:secret@host:7/2", "host:7"],
  ["rediss://me:secret@host", "host:6379"],
  ["not an address, secret", "the address in REDIS_URL"],
])("%j is shown as %j", (url, shown) => expect(redisAddress(url)).toBe(shown));

it("takes user and password out", () => {
  expect(withoutPassword("redis://me:secret@host:7/2")).toBe("redis://host:7/2");
  expect(withoutPassword("unix:///a%20b?db=2&password=secret")).toBe("unix:///a%20b?db=2");
});

it.each(["redis://host:7/2", "unix:///run/a%20b.sock?db=2", "unix:///run/redis.sock"])("%s with a password", (url) => {
  const password = "p +&=%41?#/ü@:";
  const full = withPassword(url, password);
  expect([passwordOf(full), passwordOf(url), redisAddress(full)]).toEqual([password, null, redisAddress(url)]);
  expect(socketOf(full)).toEqual(socketOf(url));
  expect(withPassword(full, "another")).toBe(full);
});
