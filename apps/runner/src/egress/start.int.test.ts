import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startEgress, type RunningEgress } from "./start.ts";

const PORT = 41_080;
let dir = "";
let log: string[];
let egress: RunningEgress | null = null;
const clients: Socket[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-egress-"));
  log = [];
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await egress?.close();
  egress = null;
  await rm(dir, { recursive: true });
});

async function open(more: Readonly<Record<string, string>> = {}): Promise<RunningEgress> {
  egress = await startEgress({
    folder: join(dir, "net"),
    port: PORT,
    env: { ANTHROPIC_API_KEY: "sk-ant-api03-real", PATH: "/usr/bin", ...more },
    allow: [],
    secrets: {},
    maxUsd: 0,
    prices: {},
    proxyEnv: {},
    log: { warn: (facts: unknown, text?: string) => void log.push(`${JSON.stringify(facts)} ${text ?? ""}`) },
  });
  return egress;
}

async function client(): Promise<Socket> {
  const socket = connect(join(dir, "net", "s"));
  socket.on("error", () => undefined);
  clients.push(socket);
  await once(socket, "connect");
  return socket;
}

/** List the proxy processes that this process has started. */
function proxies(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const isChild = new RegExp(`^PPid:\\s+${process.pid}$`, "m").test(status);
        return isChild && /egress|tac8 proxy/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      } catch {
        return false; // It ended.
      }
    });
}

test("the proxy of a run is a separate process without keys in its environment and arguments, and ends with the run", async () => {
  const { env } = await open();
  expect(env["ANTHROPIC_API_KEY"]).toMatch(/^sk-ant-api03-/);
  expect(env["ANTHROPIC_API_KEY"]).not.toBe("sk-ant-api03-real");
  const [pid = 0, ...more] = proxies();
  expect(more).toEqual([]);
  for (const file of ["environ", "cmdline"]) {
    expect(readFileSync(`/proc/${pid}/${file}`, "utf8")).not.toContain("sk-ant-api03-real");
  }
  const socket = await client();
  socket.write("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n");
  expect(String((await once(socket, "data"))[0])).toContain("403");
  await egress?.close();
  expect(egress?.refused()).toEqual([{ host: "evil.example", times: 1 }]);
  expect(egress?.usage()).toMatchObject({ costUsd: 0 });
  expect(log.filter((line) => line.includes("evil.example"))).toHaveLength(1);
  expect(proxies()).toEqual([]);
});

test("an agent that floods its proxy with requests loses its network, and the runner continues", async () => {
  await open();
  const flood = "GET / HTTP/1.1\r\n\r\n".repeat(3600);
  const before = process.memoryUsage().rss;
  // No client reads an answer, so the proxy must keep all answers.
  for (let n = 0; n < 200; n += 1) (await client().catch(() => null))?.write(flood);
  await vi.waitFor(() => expect(proxies()).toEqual([]), { timeout: 60_000 });
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 ** 2);
  await vi.waitFor(() => expect(log.join("\n")).toContain("its agent has no network"), { timeout: 60_000 });
  await egress?.close();
});

test("the count of a proxy that was killed is kept", async () => {
  const usage = { input_tokens: 1000, output_tokens: 100 };
  const api = createServer((request, response) => {
    request.resume();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ type: "message", model: "m", usage }));
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  try {
    const base = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const { env } = await open({ ANTHROPIC_BASE_URL: base });
    expect(egress?.usage()).toBeNull();
    const socket = await client();
    socket.write(`POST /v1/messages HTTP/1.1\r\nx-api-key: ${env["ANTHROPIC_API_KEY"]}\r\ncontent-length: 0\r\n\r\n`);
    await once(socket, "data");
    await vi.waitFor(() => expect(egress?.usage()).not.toBeNull());
    for (const pid of proxies()) process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(log.join("\n")).toContain("its agent has no network"));
    await egress?.close();
    expect(egress?.usage()).toMatchObject({ models: { m: { inputTokens: 1000, outputTokens: 100 } }, unpriced: ["m"] });
  } finally {
    api.close();
  }
});

test("a proxy that cannot start reports one error, and leaves no process", async () => {
  await expect(
    startEgress({
      folder: "/dev/null/net",
      port: PORT,
      env: {},
      allow: [],
      secrets: {},
      maxUsd: 0,
      prices: {},
      proxyEnv: {},
      log: { warn: () => undefined },
    }),
  ).rejects.toThrow(/the run's proxy exited at its start: /);
  expect(proxies()).toEqual([]);
});
