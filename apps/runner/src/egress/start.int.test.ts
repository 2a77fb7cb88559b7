import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProcessPool } from "../process/pool.ts";
import { startProxy, type ProxyProcess, type RunningEgress } from "./process.ts";
import { startEgress } from "./start.ts";

const PORT = 41_080;
let dir = "";
let log: string[];
let egress: RunningEgress | null = null;
let pool: ProcessPool<ProxyProcess>;
const clients: Socket[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-egress-"));
  log = [];
  pool = new ProcessPool({ start: () => startProxy({}), maxIdle: 1 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await egress?.close();
  egress = null;
  await pool.close();
  if (proxies().length > 0) throw new Error("a proxy is left");
  await rm(dir, { recursive: true });
});

function optionsOf(more: Readonly<Record<string, string>> = {}, folder = "net") {
  return {
    folder: join(dir, folder),
    port: PORT,
    env: { ANTHROPIC_API_KEY: "sk-ant-api03-real", PATH: "/usr/bin", ...more },
    allow: [],
    secrets: {},
    maxUsd: 0,
    prices: {},
    proxyEnv: {},
    proxies: pool,
    log: { warn: (facts: unknown, text?: string) => void log.push(`${JSON.stringify(facts)} ${text ?? ""}`) },
  };
}

async function open(more: Readonly<Record<string, string>> = {}, folder = "net"): Promise<RunningEgress> {
  egress = await startEgress(optionsOf(more, folder));
  return egress;
}

async function client(): Promise<Socket> {
  const socket = connect(join(dir, "net", "s"));
  socket.on("error", () => undefined);
  clients.push(socket);
  await once(socket, "connect");
  return socket;
}

/** List the proxy processes that a process has started. */
function proxies(parent = process.pid): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const isChild = new RegExp(`^PPid:\\s+${parent}$`, "m").test(status);
        return isChild && /egress|tac8 proxy/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      } catch {
        return false; // It ended.
      }
    });
}

test("the proxy of a run is a separate process without keys in its environment and arguments, and closes with the run", async () => {
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
  await expect(client()).rejects.toThrow(/ENOENT/);
  expect(socket.destroyed).toBe(true);
  await pool.close();
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
      proxies: pool,
      log: { warn: () => undefined },
    }),
  ).rejects.toThrow(/the run's proxy exited at its start: /);
  expect(proxies()).toEqual([]);
});

test("without a free descriptor the proxy reports one clear error, and later opens", () => {
  const program = fileURLToPath(new URL("testing/starved.ts", import.meta.url));
  const limited = ["-c", 'ulimit -n 200; exec "$@"', "bash", process.execPath, program, join(dir, "net")];
  const { stdout, stderr } = spawnSync("bash", limited, { encoding: "utf8", timeout: 60_000 });
  expect(stderr).toBe("");
  const error = expect.stringMatching(/^Error: the run's proxy could not be started: too many open files: /);
  expect(JSON.parse(stdout)).toEqual({ error, isOpened: true });
});

test("the next run has the same process, and nothing of the run before", async () => {
  const first = await open();
  const [pid] = proxies();
  const socket = await client();
  socket.write("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n");
  await once(socket, "data");
  await first.close();
  log = [];
  const second = await open();
  expect(proxies()).toEqual([pid]);
  expect(second.env["ANTHROPIC_API_KEY"]).not.toBe(first.env["ANTHROPIC_API_KEY"]);
  const other = await client();
  other.write(`GET /v1/models HTTP/1.1\r\nx-api-key: ${first.env["ANTHROPIC_API_KEY"]}\r\n\r\n`);
  expect(String((await once(other, "data"))[0])).toContain("401");
  await second.close();
  expect(second.refused()).toEqual([]);
  expect(second.usage()).toEqual({ models: {}, costUsd: 0, unpriced: [], unread: 0 });
  expect(log).toEqual([]);
  expect(first.refused()).toEqual([{ host: "evil.example", times: 1 }]);
});

test("runs at the same time have separate processes", async () => {
  const [first, second] = await Promise.all([open(), open({}, "other")]);
  const [pid = -1, other = -1] = proxies();
  expect(proxies()).toHaveLength(2);
  process.kill(pid, "SIGKILL");
  process.kill(other, 0);
  await Promise.race([first.ended, second.ended]);
  await vi.waitFor(() => expect(log.join("\n")).toContain("its agent has no network"));
  expect(log).toHaveLength(1);
  expect(proxies()).toEqual([other]);
  await Promise.all([first.close(), second.close()]);
  expect(proxies()).toEqual([other]);
});

test("a closed run leaves no reference to its key", async () => {
  // V8 writes the heap to a file at this signal, without what is no longer reachable.
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--heapsnapshot-signal=SIGUSR2", main], { cwd: dir, env: {} });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const until = async (word: string): Promise<void> => {
    for (let line = await lines.next(); !String(line.value).includes(word); line = await lines.next());
  };
  const snapshot = async (): Promise<string> => {
    const before = readdirSync(dir).length;
    child.kill("SIGUSR2");
    const name = await vi.waitFor(
      () => {
        const files = readdirSync(dir).filter((file) => file.endsWith(".heapsnapshot"));
        expect(readdirSync(dir).length).toBeGreaterThan(before);
        const [file = ""] = files;
        JSON.parse(readFileSync(join(dir, file), "utf8")); // It is complete.
        return file;
      },
      { timeout: 30_000, interval: 200 },
    );
    const text = readFileSync(join(dir, name), "utf8");
    rmSync(join(dir, name));
    return text;
  };
  try {
    const { proxies: _proxies, log: _log, ...options } = optionsOf({ OPENAI_API_KEY: "sk-other-0123456789" });
    child.stdin.write(`${JSON.stringify({ ...options, secrets: { OPENAI_API_KEY: "api.openai.com" } })}\n`);
    await until("ready");
    const open = await snapshot();
    expect(open).toContain("sk-ant-api03-real");
    expect(open).toContain("sk-other-0123456789");
    child.stdin.write("null\n");
    await until("closed");
    const closed = await snapshot();
    expect(closed).not.toContain("sk-ant-api03-real");
    expect(closed).not.toContain("sk-other-0123456789");
  } finally {
    child.stdin.end();
    await exited;
  }
});

test("a proxy in which something of its run stays open is not used again", async () => {
  const silent = createTcpServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  try {
    const proxyEnv = { HTTPS_PROXY: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
    egress = await startEgress({ ...optionsOf(), proxyEnv });
    const socket = await client();
    const asked = once(silent, "connection");
    socket.write(`GET /v1/models HTTP/1.1\r\nx-api-key: ${egress.env["ANTHROPIC_API_KEY"]}\r\n\r\n`);
    const [connection] = (await asked) as [Socket];
    await egress.close();
    expect(proxies()).toEqual([]);
    connection.destroy();
  } finally {
    silent.close();
  }
});

test("a proxy that does not close in time is killed, and its run keeps what it has reported", async () => {
  await open();
  const [pid = -1] = proxies();
  process.kill(pid, "SIGSTOP");
  await egress?.close();
  expect(proxies()).toEqual([]);
  expect(log).toEqual([]);
});

test("a proxy serves at most 20 runs", async () => {
  const pids = new Set<number>();
  for (let runs = 0; runs < 21; runs += 1) {
    const one = await open();
    for (const pid of proxies()) pids.add(pid);
    await one.close();
  }
  expect(pids.size).toBe(2);
});

test("a proxy that died while it was idle is replaced", async () => {
  await (await open()).close();
  const [pid = -1] = proxies();
  process.kill(pid, "SIGKILL"); // The runner has not noticed it at the next start.
  await open();
  expect(proxies()).not.toContain(pid);
  expect(log).toEqual([]);
});

test("an idle proxy ends when its runner is killed", async () => {
  const runner = spawn(process.execPath, [fileURLToPath(new URL("testing/idleProxy.ts", import.meta.url))]);
  try {
    const pid = await vi.waitFor(
      () => {
        const [found] = proxies(runner.pid);
        if (found === undefined) throw new Error("no proxy has started");
        return found;
      },
      { timeout: 10_000 },
    );
    runner.kill("SIGKILL");
    await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), { timeout: 10_000 });
  } finally {
    runner.kill("SIGKILL");
  }
});
