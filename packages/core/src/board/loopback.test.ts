import { expect, test } from "vitest";
import { isLoopback } from "./loopback.ts";

test.each([
  ["127.0.0.1", true],
  ["127.255.0.3", true],
  ["::1", true],
  ["[::1]", true],
  ["::ffff:127.0.0.9", true],
  ["::ffff:192.168.1.5", false],
  ["Localhost", true],
  ["tac8.localhost", true],
  ["localhost.evil.example", false],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.1.5", false],
  ["127.evil.example", false],
  ["raspberrypi.local", false],
])("isLoopback(%s) is %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
