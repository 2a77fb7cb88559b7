import { expect, test } from "vitest";
import { isLoopback } from "./loopback.ts";
import { makePassword } from "./password.ts";

test.each([
  ["127.0.0.1", true],
  ["127.255.0.3", true],
  ["::1", true],
  ["[::1]", true],
  ["Localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.1.5", false],
  ["127.evil.example", false],
  ["raspberrypi.local", false],
])("isLoopback(%s) is %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test("a made password is 18 random bytes", () => {
  expect(makePassword()).toMatch(/^[A-Za-z0-9_-]{24}$/);
  expect(makePassword()).not.toBe(makePassword());
});
