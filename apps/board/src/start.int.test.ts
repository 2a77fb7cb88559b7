import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, expect, test } from "vitest";
import { outerAddresses, readBoardAddress } from "@tac8/core/board/address";
import { announceRunner, announceScheduler } from "@tac8/core/state/presence";
import { appendFormer } from "@tac8/core/testing/formerEvents.fixture";
import { startRedisServer } from "@tac8/sandbox/redis";
import { ask, askAsStranger, Cleanup, received, KNOWN, setUpBoard, setUpRedis } from "./board.fixture.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("health becomes ok when scheduler and runner report, and the overview shows them", async () => {
  const { redis } = await setUpRedis(cleanup);
  const { url } = await setUpBoard(cleanup, { redis });
  const before = await ask(`${url}/healthz`);
  expect(before.status).toBe(503);
  expect(JSON.parse(before.body)).toMatchObject({ ok: false, redis: { ok: true }, runners: { ok: false, present: 0 } });
  expect(JSON.parse(before.body)).toMatchObject({
    level: "critical",
    reasons: [
      { level: "critical", code: "scheduler", text: expect.stringContaining("start it") },
      { level: "critical", code: "no-runner", text: expect.stringContaining("start one") },
    ],
  });

  const at = Date.now();
  await announceScheduler(redis, { at, lastPollAt: at, error: null });
  await announceRunner(redis, { name: "pi-1", at, host: "raspberrypi", pid: 1, slots: 3, busy: 2 });
  const reason = "labelled <by> octo";
  await appendFormer(redis, { issue: "octo.hello.471", from: "", to: "queued", by: "scheduler", reason, evidence: {} });
  const after = await ask(`${url}/healthz`);
  expect(after.status).toBe(200);
  expect(JSON.parse(after.body)).toEqual({
    ok: true,
    level: "ok",
    reasons: [],
    redis: { ok: true },
    scheduler: { ok: true, lastPollAt: at, error: null },
    runners: { ok: true, present: 1, slots: 3, busy: 2 },
  });

  const page = await ask(url);
  expect(page.status).toBe(200);
  for (const text of ["2 of 3 busy", "#471</a>", "labelled &lt;by&gt; octo"]) expect(page.body).toContain(text);
});

test("security headers are set, and other hosts and origins are refused", async () => {
  const { redis } = await setUpRedis(cleanup);
  const { url } = await setUpBoard(cleanup, { redis });
  for (const path of ["/", "/queues/", "/healthz", "/nowhere"]) {
    const { headers } = await ask(`${url}${path}`);
    expect(headers["x-powered-by"]).toBeUndefined();
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
    });
  }
  expect((await ask(`${url}/nowhere`)).status).toBe(404);
  expect((await ask(`${url}/%ff`)).status).toBeLessThan(500);
  expect((await ask(url, { headers: { host: "evil.example" } })).status).toBe(403);
  const put = (origin: string) => ask(`${url}/queues/api/queues/pause`, { method: "PUT", headers: { origin } });
  expect((await put("http://evil.example")).body).toContain("own pages");
});

test("a board at another loopback address: its links, its pages and the origin of its actions", async () => {
  const { redis } = await setUpRedis(cleanup);
  const { url, link, dataFolder } = await setUpBoard(cleanup, { redis, board: 'host = "127.0.0.2"' });
  expect([url, readBoardAddress(dataFolder)?.url]).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.2:\d+$/), url]);
  expect(link.startsWith(`${url}/open?token=`)).toBe(true);
  const cookie = String((await askAsStranger(link)).headers["set-cookie"]).split(";", 1)[0] ?? "";
  const page = await askAsStranger(url, { headers: { cookie } });
  expect(page.status).toBe(200);
  const body = `csrf=${/name="csrf" value="([\w-]+)"/.exec(page.body)?.[1] ?? ""}`;
  const press = async (origin: string) => {
    const headers = { cookie, origin, "content-type": "application/x-www-form-urlencoded" };
    return (await askAsStranger(`${url}/pause`, { method: "POST", body, headers })).status;
  };
  expect([await press(url.replace("127.0.0.2", "127.0.0.1")), await press(url)]).toEqual([403, 303]);
});

test("a board whose host is a name has its address in its links, and warns if browsers open it at such a name", async () => {
  const { redis } = await setUpRedis(cleanup);
  const named = await setUpBoard(cleanup, { redis, board: 'host = "localhost"' });
  expect(named.link).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]):\d+\/open/);
  expect((await askAsStranger(named.link)).status).toBe(303);
  expect(named.lines.join("")).not.toContain('"level":40');
  const { lines } = await setUpBoard(cleanup, { redis, board: 'url = "http://tac8-board.localhost:3000"' });
  const warnings = lines.filter((line) => line.includes('"level":40'));
  expect(warnings).toEqual([expect.stringMatching(/tac8-board\.localhost:3000 .*::1.*127\.0\.0\.2/)]);
});

test("warns of a password that runners in containers can read, without printing it", async () => {
  const { redis } = await setUpRedis(cleanup);
  const env = { TAC8_BOARD_PASSWORD: "", TAC8_BOARD_PASSWORD_FILE: "/run/secrets/board_password" };
  const { lines } = await setUpBoard(cleanup, { redis, env, secretFile: "in-a-file" });
  const warnings = lines.filter((line) => line.includes('"level":40'));
  expect(warnings).toEqual([expect.stringMatching(/\/run\/secrets\/board_password.*agent.*TAC8_BOARD_PASSWORD_FILE/)]);
  expect(lines.join("")).not.toContain("in-a-file");
});

test("a board that listens on all addresses logs one at which other devices can reach it", async (context) => {
  const { redis } = await setUpRedis(cleanup);
  const { url, lines, dataFolder } = await setUpBoard(cleanup, { redis, env: { TAC8_BOARD_HOST: "0.0.0.0" } });
  const { port } = new URL(url);
  const [first] = outerAddresses(networkInterfaces(), { port: Number(port), ipv6: false });
  context.skip(first === undefined, "this machine has no address that other devices reach");
  expect(lines.join("")).toContain(`"msg":"board at ${first}"`);
  expect(readBoardAddress(dataFolder)).toMatchObject({ listens: url, everywhere: true });
  expect((await ask(`${first}/healthz`)).status).toBe(503);
});

test("a board with board.url logs only that address, also if it listens on all addresses, as in a container", async () => {
  const { redis } = await setUpRedis(cleanup);
  const published = "http://127.0.0.1:3000";
  const env = { TAC8_BOARD_HOST: "0.0.0.0", TAC8_BOARD_URL: published };
  const { url, lines, dataFolder } = await setUpBoard(cleanup, { redis, env });
  expect(lines.join("")).toContain(`"msg":"board at ${published}"`);
  // The port in the container may be the published one, so that both addresses are the same.
  expect(readBoardAddress(dataFolder)).toEqual({ listens: url, url: published, everywhere: false, addresses: [] });
});

test("a port in use causes a one-line message", async () => {
  const { redis } = await setUpRedis(cleanup);
  const { url } = await setUpBoard(cleanup, { redis });
  const { port } = new URL(url);
  const second = setUpBoard(cleanup, { redis, env: { TAC8_BOARD_PORT: port } });
  await expect(second).rejects.toThrow(new RegExp(`^port ${port} .*board\\.port.*TAC8_BOARD_PORT$`));
});

test("without Redis, every page reports that in bounded time, and works again when Redis is back", async () => {
  const { redis, server, dir } = await setUpRedis(cleanup);
  const { url, lines } = await setUpBoard(cleanup, { redis });
  const paths = ["/", "/queues/", "/queues/api/queues"];

  process.kill(server.pid, "SIGSTOP"); // A Redis that neither answers nor hangs up.
  try {
    const answers = await Promise.all([...paths, "/healthz"].map((path) => ask(`${url}${path}`)));
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    const health = answers.at(-1) ?? { body: "" };
    expect(JSON.parse(health.body)).toMatchObject({ ok: false, redis: { ok: false } });
  } finally {
    process.kill(server.pid, "SIGCONT");
  }

  const closed = received(redis, "close");
  await server.stop("SIGKILL");
  await closed;
  for (const path of paths) expect((await ask(`${url}${path}`)).status).toBe(503);
  expect((await ask(url)).body).toContain("Redis is unreachable");
  expect((await ask(`${url}/healthz`)).status).toBe(503);
  expect(lines.filter((line) => line.includes('"level":50'))).toEqual([]);

  const ready = received(redis, "ready");
  const again = await startRedisServer({ dir, port: Number(new URL(server.url).port) });
  cleanup.add(() => again.stop("SIGKILL"));
  await ready;
  for (const path of paths) expect((await ask(`${url}${path}`)).status).toBe(200);
});

test("close ends open connections, may be called twice and leaves the client to its owner", async () => {
  const { redis } = await setUpRedis(cleanup);
  const board = await setUpBoard(cleanup, { redis });
  const socket = connect(Number(new URL(board.url).port), "127.0.0.1").setEncoding("utf8");
  cleanup.add(() => socket.destroy());
  const head = [
    `authorization: ${KNOWN.authorization}`,
    "host: localhost",
    "content-type: application/json",
    "content-length: 9",
    "expect: 100-continue",
  ];
  socket.write(`PUT /queues/api/queues/issues/octo.hello.1/retry HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`);
  // The board has received the request; its body never arrives.
  expect((await once(socket, "data"))[0]).toContain("100 Continue");
  let rest = "";
  socket.on("data", (text: string) => (rest += text));
  const ended = new Promise((resolve) => socket.once("error", () => undefined).once("close", resolve));
  await Promise.all([board.close(), board.close()]);
  await ended;
  expect(rest).toBe("");
  await expect(ask(board.url)).rejects.toThrow(/ECONNREFUSED/);
  expect(await redis.ping()).toBe("PONG");
});
