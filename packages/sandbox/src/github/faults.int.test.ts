import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { testGitHub, type TestGitHub } from "./server/test-github.ts";

const COMMENTS = "/repos/octo/thing/issues/1/comments";

let world: TestGitHub;

beforeEach(async () => {
  world = await testGitHub({ control: true });
  world.github.openIssue({ repo: world.repo, title: "A bug" });
});

afterEach(async () => world.close());

const comment = () => world.ask("POST", COMMENTS, { body: { body: "hello" } });

const count = () => world.github.comments(world.repo, 1).length;

it("answers the given number of requests with an error, without doing the work", async () => {
  const fault = world.github.fault({ method: "post", path: COMMENTS, times: 2, after: 1, do: { status: 502 } });
  const statuses = [];
  for (let time = 0; time < 4; time += 1) statuses.push((await comment()).status);
  expect(statuses).toEqual([201, 502, 502, 201]);
  expect([fault.hits, count()]).toEqual([2, 2]);
});

it("does the work before the error if requested, and stops when removed", async () => {
  const headers = { "retry-after": "7" };
  const fault = world.github.fault({ path: /comments$/, times: 9, do: { status: 403, headers, doWork: true } });
  const refused = await comment();
  expect([refused.status, refused.headers.get("retry-after"), count()]).toEqual([403, "7", 1]);
  fault.remove();
  expect((await comment()).status).toBe(201);
});

it.each([
  ["before", 0],
  ["after", 1],
] as const)("drops the connection %s the work", async (drop, expected) => {
  world.github.fault({ path: COMMENTS, times: 1, do: { drop } });
  await expect(comment()).rejects.toThrow("fetch failed");
  expect(count()).toBe(expected);
  expect(world.github.requests.at(-1)).toMatchObject({ status: 0, method: "POST" });
});

it("cuts an answer in half that seems complete", async () => {
  world.github.fault({ method: "GET", path: "/repos/octo/thing/issues", times: 1, do: { drop: "middle" } });
  const cut = await world.ask("GET", "/repos/octo/thing/issues");
  expect([cut.status, cut.text.startsWith("[{"), cut.data]).toEqual([200, true, expect.stringContaining("no JSON")]);
});

it("lets a request pass that only asks whether it may write", async () => {
  const fault = world.github.fault({ path: COMMENTS, times: 1, do: { status: 502 } });
  expect((await world.ask("POST", COMMENTS, { body: {} })).status).toBe(422);
  expect(fault.hits).toBe(0);
  expect((await comment()).status).toBe(502);
});

it("delays", async () => {
  world.github.fault({ path: "/user", times: 1, do: { delayMs: 1 } });
  expect((await world.ask("GET", "/user")).status).toBe(200);
});

it("does not hold up the end of the server with a delay that nobody waits for", async () => {
  const own = await testGitHub();
  const fault = own.github.fault({ path: "/user", times: 1, do: { delayMs: 3_600_000 } });
  const refused = own.ask("GET", "/user").catch(String);
  await vi.waitFor(() => expect(fault.hits).toBe(1));
  await own.close();
  expect(await refused).toContain("fetch failed");
});

it("feeds an answer by drops", async () => {
  const whole = await world.ask("GET", "/repos/octo/thing/issues/1");
  world.github.fault({ path: "/repos/octo/thing/issues/1", times: 1, do: { trickleMs: 0 } });
  expect((await world.ask("GET", "/repos/octo/thing/issues/1")).text).toBe(whole.text);
});

it("takes faults over HTTP where that is allowed", async () => {
  const fault = { pattern: "^/user$", times: 1, do: { status: 500, body: { message: "oh" } } };
  expect((await world.ask("POST", "/_sandbox/faults", { body: fault })).status).toBe(204);
  expect(await world.ask("GET", "/user")).toMatchObject({ status: 500, data: { message: "oh" } });
  expect((await world.ask("POST", "/_sandbox/faults", { body: { do: {} } })).status).toBe(422);
  const closed = await testGitHub();
  try {
    expect((await closed.ask("POST", "/_sandbox/faults", { body: fault })).status).toBe(404);
  } finally {
    await closed.close();
  }
});
