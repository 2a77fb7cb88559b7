import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LINK_MS, createLink } from "@tac8/core/board/links";
import { readHolds } from "@tac8/core/state/holds";
import {
  askAsStranger,
  Cleanup,
  KNOWN,
  setUpBoard,
  setUpRedis,
  type Answer,
  type BoardSetup,
} from "../board.fixture.ts";

const cleanup = new Cleanup();
let redis: BoardSetup["redis"];
beforeEach(async () => {
  ({ redis } = await setUpRedis(cleanup));
});
afterEach(() => cleanup.run());

const BROWSER = { "user-agent": "Mozilla/5.0 (X11; Linux)", accept: "text/html,*/*;q=0.8" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`me:${password}`).toString("base64")}` });

/** Return the session cookie of a response as a browser sends it. */
function cookieOf({ headers }: Answer): string {
  const [cookie = ""] = [headers["set-cookie"] ?? ""].flat();
  return cookie.split(";", 1)[0] ?? "";
}

function login(url: string, password: string, headers: Record<string, string> = {}) {
  const body = new URLSearchParams({ password, next: "/queues/queue/issues" }).toString();
  return askAsStranger(`${url}/login`, { method: "POST", body, headers: { ...BROWSER, ...FORM, ...headers } });
}

/** Return the token of the page's buttons. */
async function tokenOf(url: string, cookie: string): Promise<string> {
  const { body } = await askAsStranger(url, { headers: { cookie } });
  return /name="csrf" value="([\w-]+)"/.exec(body)?.[1] ?? "";
}

test("a process on this machine without the password only gets the level of health", async () => {
  const { url, dataFolder } = await setUpBoard(cleanup, { redis });
  const paths = ["/", "/events", "/issues/octo/hello/1", "/queues", "/queues/api/queues", "/queues/static/favicon.ico"];
  for (const path of [...paths, "/assets/live.js", "/metrics", "/nowhere", "/HEALTHZ/", "//healthz", "/healthz/x"]) {
    for (const method of ["GET", "HEAD", "OPTIONS", "DELETE"]) {
      const { status, headers } = await askAsStranger(url + path, { method });
      expect([method, path, status]).toEqual([method, path, 401]);
      expect(headers["www-authenticate"]).toMatch(/^Basic/);
    }
  }
  for (const path of ["/pause", "/resume", "/issues/octo/hello/1/stop", "/queues/api/queues/issues/retry/failed"]) {
    for (const method of ["POST", "PUT"]) expect((await askAsStranger(url + path, { method })).status).toBe(401);
  }
  expect(await readHolds(redis)).toEqual([]);
  const health = await askAsStranger(`${url}/healthz`);
  expect([health.status, JSON.parse(health.body)]).toEqual([503, { ok: false, level: "critical" }]);
  const whole = await askAsStranger(`${url}/healthz`, { headers: KNOWN });
  expect(JSON.parse(whole.body)).toMatchObject({ reasons: expect.any(Array), runners: { present: 0 } });
  // Values that the process can read from this machine and from Redis, but none from the owner's files.
  expect(JSON.stringify(await redis.keys("*"))).not.toMatch(/link|session|board/);
  expect((await stat(join(dataFolder, "board-key"))).mode & 0o777).toBe(0o600);
});

test("without a configured password, one is created, stored, not logged, and required on loopback too", async () => {
  const home = await mkdtemp(join(tmpdir(), "tac8-board-kept-"));
  cleanup.add(() => rm(home, { recursive: true, force: true }));
  const given = { redis, dataFolder: home, env: { TAC8_BOARD_PASSWORD: "" } };
  const first = await setUpBoard(cleanup, given);
  const password = (await readFile(join(home, "tac8-board-password"), "utf8")).trim();
  expect((await askAsStranger(first.url)).status).toBe(401);
  expect((await askAsStranger(first.url, { headers: basic(password) })).status).toBe(200);
  const output = first.lines.join("");
  expect(output).toContain(`the password is in ${join(home, "tac8-board-password")}`);
  expect(output).not.toContain(password);
  await first.close();
  const second = await setUpBoard(cleanup, given);
  expect((await askAsStranger(second.url, { headers: basic(password) })).status).toBe(200);
});

test("browsers get a form, and programs a challenge; a script in a page gets neither", async () => {
  const { url } = await setUpBoard(cleanup, { redis });
  const page = await askAsStranger(`${url}/issues/1?show=diff`, { headers: BROWSER });
  expect([page.status, page.headers["www-authenticate"]]).toEqual([401, undefined]);
  expect(page.body).toContain("tac8 open");
  expect(page.body).toContain('name="next" value="/issues/1?show=diff"');
  expect(page.body).not.toContain('href="/queues');
  const xhr = await askAsStranger(`${url}/queues/api/queues`, { headers: { ...BROWSER, accept: "application/json" } });
  expect([xhr.status, xhr.headers["www-authenticate"]]).toEqual([401, undefined]);
  expect(JSON.parse(xhr.body)).toMatchObject({ message: expect.stringContaining("reload") });
});

test("the password signs in and redirects to the requested page, if it is a page of this board", async () => {
  const { url, lines } = await setUpBoard(cleanup, { redis, env: { TAC8_BOARD_PASSWORD: "given-one" } });
  const answer = await login(url, "given-one");
  expect([answer.status, answer.headers["location"]]).toEqual([303, "/queues/queue/issues"]);
  expect((await askAsStranger(url, { headers: { cookie: cookieOf(answer) } })).status).toBe(200);
  expect(String(answer.headers["set-cookie"])).toMatch(/; HttpOnly; SameSite=Lax$/);
  for (const next of [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "/login",
    "/open?token=x",
    "",
    "x",
  ]) {
    const body = new URLSearchParams({ password: "given-one", next }).toString();
    const { headers } = await askAsStranger(`${url}/login`, { method: "POST", body, headers: FORM });
    expect([next, headers["location"]]).toEqual([next, "/"]);
  }
  const other = await login(url, "given-one", { origin: "http://evil.example" });
  expect([other.status, other.headers["set-cookie"]]).toEqual([403, undefined]);
  expect(lines.join("")).toContain("signed in by password from 127.0.0.1");
});

test("a link signs in once, and no log has its token", async () => {
  const { url, link, lines } = await setUpBoard(cleanup, { redis, env: { LOG_LEVEL: "trace" } });
  const head = await askAsStranger(link, { method: "HEAD" });
  expect(head.status).toBe(503);
  expect((await askAsStranger(link, { headers: { "sec-purpose": "prefetch;prerender" } })).status).toBe(503);
  const answer = await askAsStranger(link);
  expect([answer.status, answer.headers["location"], answer.headers["referrer-policy"]]).toEqual([
    303,
    "/",
    "no-referrer",
  ]);
  const cookie = cookieOf(answer);
  expect((await askAsStranger(url, { headers: { cookie } })).status).toBe(200);

  const replayed = await askAsStranger(link);
  expect([replayed.headers["location"], replayed.headers["set-cookie"]]).toEqual(["/login?why=link", undefined]);
  expect((await askAsStranger(`${url}/login?why=link`)).body).toContain("This link has expired");
  // A second click in the browser that the link has signed in.
  expect((await askAsStranger(link, { headers: { cookie } })).headers["location"]).toBe("/");
  expect(lines.join("")).toContain("signed in by link from 127.0.0.1");
  expect(lines.join("")).not.toContain(new URL(link).searchParams.get("token"));
  expect(lines.join("")).not.toContain(cookie.split("=")[1]);
});

test("if two browsers open a link at the same time, it signs in one of them", async () => {
  const { link } = await setUpBoard(cleanup, { redis });
  const answers = await Promise.all(Array.from({ length: 8 }, () => askAsStranger(link)));
  expect(answers.filter(({ headers }) => headers["set-cookie"] !== undefined)).toHaveLength(1);
});

test("an expired link, or one from before the board's start, does not sign in", async () => {
  let now = Date.now();
  const first = await setUpBoard(cleanup, { redis, now: () => now });
  const old = createLink(first.url, { dataFolder: first.dataFolder, now, lifeMs: LINK_MS });
  now += LINK_MS;
  expect((await askAsStranger(old)).headers["set-cookie"]).toBe(undefined);
  const before = createLink(first.url, { dataFolder: first.dataFolder, now, lifeMs: LINK_MS });
  await first.close();
  const second = await setUpBoard(cleanup, { redis, dataFolder: first.dataFolder, now: () => now });
  const late = await askAsStranger(second.url + before.slice(first.url.length));
  expect(late.headers["set-cookie"]).toBe(undefined);
  expect(await readdir(join(first.dataFolder, "board-links"))).toHaveLength(1);
});

test("a session outlives a restart of the board, and ends after 30 days", async () => {
  let now = Date.now();
  const first = await setUpBoard(cleanup, { redis, now: () => now });
  const cookie = cookieOf(await askAsStranger(first.link));
  await first.close();
  const second = await setUpBoard(cleanup, { redis, dataFolder: first.dataFolder, now: () => now });
  const status = async () => (await askAsStranger(second.url, { headers: { cookie } })).status;
  expect(await status()).toBe(200);
  now += 31 * 86_400_000;
  expect(await status()).toBe(401);
});

test("wrong passwords block their address for some time, on loopback too; sessions, links and the metrics token are never blocked", async () => {
  let now = Date.now();
  const board = await setUpBoard(cleanup, { redis, env: { TAC8_BOARD_PASSWORD: "right-one" }, now: () => now });
  const { url, lines, link, dataFolder } = board;
  const token = (await readFile(join(dataFolder, "tac8-metrics-token"), "utf8")).trim();
  const cookie = cookieOf(await login(url, "right-one"));
  const get = async (headers: Record<string, string>, path = "/") =>
    (await askAsStranger(url + path, { headers })).status;
  for (let time = 0; time < 3; time += 1) expect(await get(basic(`wrong-${time}`))).toBe(401);
  expect((await login(url, "wrong-3")).status).toBe(401);
  // The sign-in page does not reveal whether a password is right either.
  expect(await get(basic("wrong-4"), "/healthz")).toBe(503);

  expect(await get(basic("right-one"))).toBe(429);
  const shut = await login(url, "right-one");
  expect([shut.status, shut.headers["retry-after"], shut.headers["set-cookie"]]).toEqual([429, "1", undefined]);
  expect(shut.body).toContain("Too many wrong passwords");
  expect(JSON.parse((await askAsStranger(`${url}/healthz`, { headers: basic("right-one") })).body)).not.toHaveProperty(
    "reasons",
  );
  expect(await get({ cookie })).toBe(200);
  expect(await get({ cookie, ...basic("wrong") })).toBe(200);
  expect(await get({ authorization: `Bearer ${token}` }, "/metrics")).toBe(200);
  expect((await askAsStranger(link)).headers["location"]).toBe("/");

  now += 1000;
  expect(await get(basic("right-one"))).toBe(200);
  // The right password has not reset the count, so this is the sixth wrong one.
  expect(await get(basic("wrong-5"))).toBe(401);
  now += 1999;
  expect(await get(basic("right-one"))).toBe(429);
  now += 1;
  expect(await get(basic("right-one"))).toBe(200);
  const output = lines.join("");
  expect(output).toContain("wrong password from 127.0.0.1 (1 so far)");
  expect(output).not.toMatch(/wrong-\d|right-one/);
});

test("a program on this machine cannot guess more often by using another address of the machine", async () => {
  const { url } = await setUpBoard(cleanup, { redis, now: () => 1_795_600_000_000 });
  const from = async (localAddress: string, password: string) =>
    (await askAsStranger(url, { localAddress, headers: basic(password) })).status;
  for (let last = 1; last <= 5; last += 1) expect(await from(`127.0.0.${last}`, `wrong-${last}`)).toBe(401);
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const addresses = own.flatMap(({ family, address }) => (family === "IPv4" ? [address] : []));
  for (const address of ["127.0.0.9", "127.255.0.1", ...addresses]) {
    expect([address, await from(address, "wrong")]).toEqual([address, 429]);
  }
});

test("a change needs the page's token beside the session, also if another site makes the browser send the cookie", async () => {
  const { url, link } = await setUpBoard(cleanup, { redis });
  const cookie = cookieOf(await askAsStranger(link));
  const csrf = await tokenOf(url, cookie);
  expect(csrf).toHaveLength(43);
  const press = async (headers: Record<string, string>, fields: Record<string, string> = {}) => {
    const body = new URLSearchParams(fields).toString();
    const { status } = await askAsStranger(`${url}/pause`, {
      method: "POST",
      body,
      headers: { ...FORM, cookie, ...headers },
    });
    return [status, (await readHolds(redis)).length];
  };
  expect(await press({ origin: url })).toEqual([403, 0]);
  expect(await press({ "sec-fetch-site": "same-origin" }, { csrf: "x".repeat(43) })).toEqual([403, 0]);
  expect(await press({})).toEqual([403, 0]);
  for (const headers of [
    { origin: "http://evil.example" },
    { origin: "http://127.0.0.1:1" },
    { "sec-fetch-site": "same-site", origin: "http://127.0.0.1:1" },
    { "sec-fetch-site": "cross-site" },
  ]) {
    expect(await press(headers as Record<string, string>, { csrf })).toEqual([403, 0]);
  }
  expect(await press({ origin: url }, { csrf })).toEqual([303, 1]);

  const put = (headers: Record<string, string>) =>
    askAsStranger(`${url}/queues/api/queues/issues/retry/failed`, {
      method: "PUT",
      headers: { cookie, origin: url, ...headers },
    });
  expect((await put({})).status).toBe(403);
  expect((await put({ "x-csrf-token": csrf })).status).toBeLessThan(300);
});

test("at the host of an HTTPS board.url, the cookie is for HTTPS only", async () => {
  const board = await setUpBoard(cleanup, { redis, board: 'url = "https://tac8.example.org/"' });
  expect(board.lines.join("")).toContain("board at https://tac8.example.org");
  expect(board.link).toMatch(/^https:\/\/tac8\.example\.org\/open\?token=/);
  const ask = (host: string) => {
    const { search } = new URL(
      createLink(board.url, { dataFolder: board.dataFolder, now: Date.now(), lifeMs: LINK_MS }),
    );
    return askAsStranger(`${board.url}/open${search}`, { headers: { host } });
  };
  expect(String((await ask("tac8.example.org")).headers["set-cookie"])).toMatch(/; Secure$/);
  expect(String((await ask(new URL(board.url).host)).headers["set-cookie"])).not.toContain("Secure");
});
