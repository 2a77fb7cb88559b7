import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { clientIn } from "./client.ts";
import { openEgress, type Egress } from "./open.ts";

const OWN = process.getuid?.() ?? 0;
let egress: Egress;
afterEach(() => egress.close());

async function open(uid: number): Promise<number> {
  const given = {
    env: {},
    allow: [],
    secrets: {},
    maxUsd: 0,
    prices: {},
    proxyEnv: {},
    log: { warn: () => undefined },
  };
  egress = await openEgress({ ...given, folder: null, port: 0, uid });
  return Number(new URL(egress.env["ANTHROPIC_BASE_URL"] ?? "").port);
}

/** Return the answer to a client; empty if its connection was closed. */
async function answer(port: number, host = "127.0.0.1"): Promise<string> {
  const socket = connect({ host, port });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write("CONNECT evil.example:443 HTTP/1.1\r\n\r\n");
  return text(socket).catch(() => "");
}

test("on loopback the proxy answers only its own agent, and counts no hosts of other clients", async () => {
  let port = await open(OWN);
  expect(await answer(port)).toContain("may not connect to evil.example");
  // An IPv6 socket, which some programs use for all addresses.
  expect(await answer(port, "::ffff:127.0.0.1")).toContain("may not connect to evil.example");
  await egress.close();
  port = await open(OWN + 1);
  expect(await answer(port)).toBe("");
  expect(await answer(port, "::ffff:127.0.0.1")).toBe("");
  expect(egress.refused()).toEqual([]);
});

test("a client is found by both endpoints of its connection", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0",
    "   1: 0200007F:A0B4 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 20001        0 2 1 0 20 4 30 10 -1",
    "   2: 0100007F:A0B4 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 20002        0 3 1 0 20 4 30 10 -1",
    "   3: 0100007F:1F90 0100007F:A0B4 01 00000000:00000000 00:00000000 00000000  1000        0 4 1 0 20 4 30 10 -1",
  ].join("\n");
  const ends = { localAddress: "127.0.0.1", localPort: 8080, remotePort: 41140 };
  expect(clientIn(table, { ...ends, remoteAddress: "127.0.0.1" })).toBe(20002);
  expect(clientIn(table, { ...ends, remoteAddress: "127.0.0.2" })).toBe(20001);
  expect(clientIn(table, { ...ends, remoteAddress: "127.0.0.3" })).toBeNull();
  expect(clientIn(table, { ...ends, remoteAddress: undefined })).toBeNull();
});
