import { describe, expect, it } from "vitest";
import {
  caOf,
  endpointsOf,
  isRedisUrl,
  isTls,
  passwordOf,
  redisAddress,
  sentinelsOf,
  withCa,
  withoutPassword,
  withPassword,
  withSentinelPassword,
} from "./redisUrl.ts";

const ADDRESS = "redis+sentinel://pi@a.example,[fd00::1]:26380,10.0.0.3/my.master/2";

describe("the address of Sentinels", () => {
  it("has hosts, a name, a user and a database", () => {
    expect(isRedisUrl(ADDRESS)).toBe(true);
    expect(sentinelsOf(ADDRESS)).toEqual({
      sentinels: [
        { host: "a.example", port: 26_379 },
        { host: "fd00::1", port: 26_380 },
        { host: "10.0.0.3", port: 26_379 },
      ],
      name: "my.master",
      db: 2,
      user: "pi",
      password: null,
      sentinelPassword: null,
    });
    expect(endpointsOf(ADDRESS)).toEqual(sentinelsOf(ADDRESS)?.sentinels);
    expect(sentinelsOf("redis+sentinel://a/m")).toMatchObject({ name: "m", db: 0, user: null });
  });

  it("takes passwords and a CA, and shows none of them", () => {
    const password = "p +&=%41?#/ü@:,";
    const secured = withCa(ADDRESS.replace("redis+", "rediss+"), "/c a.pem");
    const full = withSentinelPassword(withPassword(secured, password), `${password}2`);
    expect(sentinelsOf(full)).toEqual({ ...sentinelsOf(ADDRESS), password, sentinelPassword: `${password}2` });
    expect([passwordOf(full), caOf(full), isTls(full), isTls(ADDRESS)]).toEqual([password, "/c a.pem", true, false]);
    expect(redisAddress(full)).toBe("my.master (Sentinels a.example:26379, fd00::1:26380, 10.0.0.3:26379)");
    expect(sentinelsOf(withoutPassword(full))).toMatchObject({ user: null, password: null });
    expect(withPassword(full, "another")).toBe(full);
    expect(withSentinelPassword("redis://host:1", password)).toBe("redis://host:1");
  });

  it.each([
    "redis+sentinel://a:26379",
    "redis+sentinel://a,b/",
    "redis+sentinel://a,/m",
    "redis+sentinel://a:x/m",
    "redis+sentinel://a:99999/m",
    "redis+sentinel:///m",
    "redis+sentinel://a/m/x",
    "redis+sentinel://a/m/1/2",
    "redis+sentinel://a/m?sentinel_password=secret",
    "redis+sentinel://:%zz@a/m",
    "redis+sentinel://a b/m",
    "redis+sentinel://a/m#1",
    `redis+sentinel://${"a,".repeat(16)}a/m`,
  ])("%j is refused", (url) => expect(isRedisUrl(url)).toBe(false));
});
