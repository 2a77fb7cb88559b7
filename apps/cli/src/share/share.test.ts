import type { NetworkInterfaceInfo } from "node:os";
import { expect, it } from "vitest";
import { chooseAddress } from "./address.ts";
import { parseToken, writeToken } from "./token.ts";

const on = (address: string, internal = false) =>
  [{ address, internal, family: "IPv4", netmask: "", mac: "", cidr: null }] satisfies NetworkInterfaceInfo[];
const lo = on("127.0.0.1", true);

it.each([
  ["the only private one", { lo, eth0: on("192.168.1.5") }, null, { address: "192.168.1.5", isPublic: false }],
  ["not a container's", { eth0: on("10.0.0.5"), docker0: on("172.17.0.1") }, null, { address: "10.0.0.5" }],
  [
    "never a public one by itself",
    { eth0: on("8.8.8.8") },
    null,
    { problem: expect.stringContaining("8.8.8.8 (eth0)") },
  ],
  [
    "none of several",
    { a: on("10.0.0.5"), b: on("100.64.0.1") },
    null,
    { problem: expect.stringContaining("10.0.0.5 (a), 100.64.0.1 (b)") },
  ],
  ["the wanted one of several", { a: on("10.0.0.5"), b: on("100.64.0.1") }, "100.64.0.1", { address: "100.64.0.1" }],
  [
    "a public one that is wanted, and said to be",
    { a: on("8.8.8.8") },
    "8.8.8.8",
    { address: "8.8.8.8", isPublic: true },
  ],
  ["loopback, for a tunnel", { lo }, "127.0.0.1", { address: "127.0.0.1", isPublic: false }],
  ["no other machine's", { a: on("10.0.0.5") }, "10.0.0.6", { problem: expect.stringContaining("10.0.0.5 (a)") }],
])("address: %s", (_, interfaces, wanted, expected) =>
  expect(chooseAddress(interfaces, wanted)).toMatchObject(expected),
);

it("a token is parsed to the values it was made from, and other texts are not tokens", () => {
  const token = { fingerprint: "ab".repeat(32), password: "x".repeat(43) };
  const text = writeToken(token);
  expect(parseToken(` ${text}\n`)).toEqual(token);
  expect([text.slice(0, -1), `${text}x`, text.replace("tac8-1", "tac8-2"), ""].map(parseToken)).toEqual(
    Array.from({ length: 4 }, () => null),
  );
});
