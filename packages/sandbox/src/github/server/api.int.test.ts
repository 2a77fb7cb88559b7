import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGitHub, type TestGitHub } from "./test-github.ts";

const TO_THE_SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const ISSUES = "/repos/octo/thing/issues";

let world: TestGitHub;

beforeEach(async () => {
  world = await testGitHub();
});

afterEach(async () => world.close());

const issue = (title = "A bug", labels: string[] = []) => world.github.openIssue({ repo: world.repo, title, labels });

async function branch(name = "auto/gh-1"): Promise<string> {
  return world.github.commitTo({ repo: world.repo, branch: name, files: { "fix.txt": "fixed\n" }, author: "octo" });
}

describe("who asks", () => {
  it("refuses a missing, unknown or revoked token", async () => {
    expect(await world.ask("GET", "/user", { token: "" })).toMatchObject({
      status: 401,
      data: { message: "Requires authentication" },
    });
    expect(await world.ask("GET", "/user", { token: "x" })).toMatchObject({
      status: 401,
      data: { message: "Bad credentials" },
    });
    world.github.revokeToken(world.token);
    expect(await world.ask("GET", "/user")).toMatchObject({ status: 401 });
  });

  it("lets readers read and not write, and hides what one may not read", async () => {
    issue();
    const token = "stranger-token";
    expect(await world.ask("GET", `${ISSUES}/1`, { token })).toMatchObject({ status: 200 });
    expect(await world.ask("POST", `${ISSUES}/1/labels`, { token, body: { labels: ["x"] } })).toMatchObject({
      status: 403,
      data: { message: "Resource not accessible by personal access token" },
    });
    world.github.setPermission(world.repo, "stranger", "none");
    expect(await world.ask("GET", `${ISSUES}/1`, { token })).toMatchObject({ status: 404 });
  });

  it("limits a token to less than its owner may", async () => {
    issue();
    const token = world.github.addToken({ login: "octo", atMost: "read" });
    expect(await world.ask("GET", "/repos/octo/thing", { token })).toMatchObject({
      data: { permissions: { push: false } },
    });
    expect(await world.ask("POST", `${ISSUES}/1/comments`, { token, body: { body: "hi" } })).toMatchObject({
      status: 403,
    });
  });

  it("reports a user's permission", async () => {
    const asked = await world.ask("GET", "/repos/octo/thing/collaborators/HELPER/permission");
    expect(asked.data).toMatchObject({ permission: "write", user: { login: "helper" } });
  });
});

describe("pages", () => {
  it("links to the neighbours and answers 304 without Link to a known ETag of each page", async () => {
    for (let number = 1; number <= 5; number += 1) issue(`Issue ${number}`, ["rpi-auto"]);
    const path = `${ISSUES}?labels=rpi-auto&per_page=2&page=2`;
    const first = await world.ask("GET", path);
    expect(first.headers.get("link")).toMatch(
      /page=1>; rel="prev", <.*page=3>; rel="next", <.*page=3>; rel="last", <.*page=1>; rel="first"/,
    );
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^W\/".+"$/);
    const again = await world.ask("GET", path, { headers: { "if-none-match": etag } });
    expect([again.status, again.text, again.headers.get("link")]).toEqual([304, "", null]);
    const other = await world.ask("GET", `${ISSUES}?labels=rpi-auto&per_page=2&page=1`, {
      headers: { "if-none-match": etag },
    });
    expect(other.status).toBe(200);
    world.github.removeLabel({ repo: world.repo, number: 3, label: "rpi-auto", actor: "octo" });
    expect((await world.ask("GET", path, { headers: { "if-none-match": etag } })).status).toBe(200);
    expect(world.github.requests.map(({ notModified }) => notModified)).toEqual([false, true, false, false]);
  });

  it("serves the prefix of an Enterprise server, and links inside it", async () => {
    issue();
    issue();
    const { headers } = await world.ask("GET", `/api/v3${ISSUES}?per_page=1`);
    expect(headers.get("link")).toContain(`<${world.github.url}/api/v3${ISSUES}?per_page=1&page=2>; rel="next"`);
  });
});

describe("issues", () => {
  it("have pull requests among them, and times to the second", async () => {
    issue();
    await branch();
    await world.ask("POST", "/repos/octo/thing/pulls", { body: { title: "Fix", head: "auto/gh-1", base: "main" } });
    const { data } = await world.ask("GET", ISSUES);
    expect(data).toMatchObject([{ number: 2, pull_request: {} }, { number: 1 }]);
    expect(JSON.stringify(data)).not.toMatch(/"created_at":"[^"]*\.\d+Z"/);
    expect(data).toMatchObject([{ created_at: expect.stringMatching(TO_THE_SECOND) as unknown }, {}]);
  });

  it("ignore case in names and labels, and want all labels asked for", async () => {
    issue("one", ["RPI-auto", "bug"]);
    issue("two", ["bug"]);
    const { data } = await world.ask("GET", "/repos/Octo/THING/issues?labels=rpi-AUTO,Bug");
    expect(data).toMatchObject([{ title: "one" }]);
    expect(await world.ask("DELETE", `${ISSUES}/1/labels/rpi-auto`)).toMatchObject({
      status: 200,
      data: [{ name: "bug" }],
    });
  });

  it("note labels as events with rising ids, and say when a label is not there", async () => {
    issue("one", ["rpi-auto"]);
    issue("two");
    await world.ask("DELETE", `${ISSUES}/1/labels/rpi-auto`);
    await world.ask("POST", `${ISSUES}/2/labels`, { body: { labels: ["rpi-auto"] }, token: "helper-token" });
    await world.ask("POST", `${ISSUES}/1/labels`, { body: ["rpi-auto", "RPI-AUTO"] });
    const missing = await world.ask("DELETE", `${ISSUES}/1/labels/nope`);
    expect(missing).toMatchObject({ status: 404, data: { message: "Label does not exist" } });
    const { data } = await world.ask("GET", `${ISSUES}/1/events`);
    const one = data as { id: number; event: string; actor: { login: string }; label: { name: string } }[];
    expect(one.map(({ event, label }) => [event, label.name])).toEqual([
      ["labeled", "rpi-auto"],
      ["unlabeled", "rpi-auto"],
      ["labeled", "rpi-auto"],
    ]);
    const two = (await world.ask("GET", `${ISSUES}/2/events`)).data as typeof one;
    expect(two[0]?.actor.login).toBe("helper");
    const ids = [one[0], one[1], two[0], one[2]].map((event) => event?.id ?? 0);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(4);
  });

  it("answer 301 when transferred, 410 when deleted, 403 to strangers when locked", async () => {
    await world.github.createRepository({ owner: "octo", name: "other" });
    for (const title of ["moved", "deleted", "locked"]) issue(title);
    const number = world.github.transferIssue({ repo: world.repo, number: 1, actor: "octo", to: "octo/other" });
    world.github.deleteIssue(world.repo, 2);
    world.github.lockIssue({ repo: world.repo, number: 3, actor: "octo" });
    const moved = await world.ask("GET", `${ISSUES}/1/comments?per_page=5`);
    expect(moved).toMatchObject({ status: 301, data: { message: "Moved Permanently" } });
    expect(moved.headers.get("location")).toBe(
      `${world.github.url}/repos/octo/other/issues/${number}/comments?per_page=5`,
    );
    expect((await world.ask("POST", `${ISSUES}/1/comments`, { body: { body: "hi" } })).status).toBe(307);
    expect(await world.ask("GET", `${ISSUES}/2`)).toMatchObject({
      status: 410,
      data: { message: "This issue was deleted" },
    });
    const body = { body: "hi" };
    expect((await world.ask("POST", `${ISSUES}/3/comments`, { body, token: "stranger-token" })).status).toBe(403);
    expect((await world.ask("POST", `${ISSUES}/3/comments`, { body, token: "helper-token" })).status).toBe(201);
    expect((await world.ask("GET", ISSUES)).data).toMatchObject([{ number: 3 }]);
  });

  it("live on under a repository's new name", async () => {
    issue();
    world.github.renameRepository(world.repo, "thing2");
    const asked = await world.ask("GET", `${ISSUES}/1`);
    expect([asked.status, asked.headers.get("location")]).toEqual([
      301,
      `${world.github.url}/repos/octo/thing2/issues/1`,
    ]);
  });

  it("refuse what is too long", async () => {
    issue();
    const long = await world.ask("POST", `${ISSUES}/1/comments`, { body: { body: "x".repeat(65_537) } });
    expect(long).toMatchObject({
      status: 422,
      data: { errors: [{ message: expect.stringContaining("65536") as unknown }] },
    });
    expect((await world.ask("POST", `${ISSUES}/1/comments`, { body: { body: "é".repeat(65_536) } })).status).toBe(201);
    expect((await world.ask("POST", ISSUES, { body: { title: "x".repeat(257) } })).status).toBe(422);
  });

  it("have comments that are edited, deleted and listed over the whole repository", async () => {
    issue();
    issue();
    const output = (await world.ask("POST", `${ISSUES}/1/comments`, { body: { body: "one" } })).data as { id: number };
    await world.ask("POST", `${ISSUES}/2/comments`, { body: { body: "two" }, token: "stranger-token" });
    const path = `${ISSUES}/comments/${output.id}`;
    expect((await world.ask("PATCH", path, { body: { body: "no" }, token: "stranger-token" })).status).toBe(403);
    expect((await world.ask("PATCH", path, { body: { body: "better" } })).data).toMatchObject({ body: "better" });
    const all = await world.ask("GET", `${ISSUES}/comments?sort=created&direction=desc`);
    expect(all.data).toMatchObject([{ body: "two" }, { body: "better" }]);
    const later = new Date(Date.now() + 60_000).toISOString();
    expect((await world.ask("GET", `${ISSUES}/comments?since=${later}`)).data).toEqual([]);
    expect((await world.ask("DELETE", path)).status).toBe(204);
    expect((await world.ask("GET", path)).status).toBe(404);
  });
});

describe("labels of a repository", () => {
  it("are made once", async () => {
    const body = { name: "rpi-done", color: "00ff00" };
    expect((await world.ask("POST", "/repos/octo/thing/labels", { body })).status).toBe(201);
    const again = await world.ask("POST", "/repos/octo/thing/labels", { body: { name: "RPI-DONE" } });
    expect(again).toMatchObject({ status: 422, data: { errors: [{ code: "already_exists" }] } });
    expect((await world.ask("GET", "/repos/octo/thing/labels/Rpi-Done")).data).toMatchObject({ color: "00ff00" });
    expect((await world.ask("GET", "/repos/octo/thing/labels/none")).status).toBe(404);
  });
});

describe("pull requests", () => {
  const open = (head = "auto/gh-1", body = "") =>
    world.ask("POST", "/repos/octo/thing/pulls", { body: { title: "Fix", head, base: "main", body, draft: true } });

  it("are one per branch, need commits, and need both branches", async () => {
    const sha = await branch();
    expect(await open()).toMatchObject({
      status: 201,
      data: { draft: true, head: { ref: "auto/gh-1", sha }, mergeable: true },
    });
    const second = await open("octo:auto/gh-1");
    const message = "A pull request already exists for octo:auto/gh-1.";
    expect(second).toMatchObject({ status: 422, data: { message: "Validation Failed", errors: [{ message }] } });
    expect(await open("main")).toMatchObject({
      status: 422,
      data: { errors: [{ message: "No commits between main and main" }] },
    });
    expect(await open("nowhere")).toMatchObject({
      status: 422,
      data: { errors: [{ field: "head", code: "invalid" }] },
    });
  });

  it("are found by owner and branch; a head without its owner is ignored", async () => {
    await branch();
    await open();
    const path = "/repos/octo/thing/pulls?state=all&head=";
    expect((await world.ask("GET", `${path}octo:auto/gh-1`)).data).toHaveLength(1);
    expect((await world.ask("GET", `${path}octo:auto/gh-2`)).data).toHaveLength(0);
    expect((await world.ask("GET", `${path}auto/gh-2`)).data).toHaveLength(1);
  });

  it("merge for real and close what they fix", async () => {
    issue();
    issue();
    await branch();
    await open("auto/gh-1", "Fixes #1, not `Fixes #2`.");
    const merged = await world.ask("PUT", "/repos/octo/thing/pulls/3/merge");
    expect(merged).toMatchObject({ status: 200, data: { merged: true } });
    expect(await world.github.file(world.repo, "main", "fix.txt")).toBe("fixed\n");
    expect(world.github.issues(world.repo).map(({ state }) => state)).toEqual(["closed", "open"]);
    expect((await world.ask("GET", "/repos/octo/thing/pulls/3")).data).toMatchObject({ state: "closed", merged: true });
    expect((await world.ask("PUT", "/repos/octo/thing/pulls/3/merge")).status).toBe(405);
  });

  it("do not merge when they conflict", async () => {
    await branch();
    await open();
    await world.github.commitTo({
      repo: world.repo,
      branch: "main",
      files: { "fix.txt": "other\n" },
      author: "helper",
    });
    expect((await world.ask("GET", "/repos/octo/thing/pulls/1")).data).toMatchObject({ mergeable: false });
    expect((await world.ask("PUT", "/repos/octo/thing/pulls/1/merge")).status).toBe(405);
  });
});

describe("waiting", () => {
  it("sees what happens later, and says what did not", async () => {
    const found = world.github.waitFor((github) => github.issues("octo/thing").find(({ title }) => title === "late"));
    await world.ask("POST", ISSUES, { body: { title: "late" } });
    expect(await found).toMatchObject({ number: 1 });
    await expect(world.github.waitFor(() => false, { timeoutMs: 1, what: "a wonder" })).rejects.toThrow("a wonder");
  });
});
