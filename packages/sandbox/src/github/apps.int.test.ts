import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appJwt } from "./appJwt.fixture.ts";
import { testGitHub, type TestGitHub } from "./server/test-github.ts";

let world: TestGitHub;
let app: { readonly id: number; readonly slug: string; readonly privateKey: string };
let installation: number;

beforeEach(async () => {
  world = await testGitHub();
  await world.github.createRepository({ owner: "octo", name: "secret", private: true });
  await world.github.createRepository({ owner: "octo", name: "other", private: true });
  app = world.github.createApp({ owner: "octo", slug: "tac8" });
  installation = world.github.installApp({ app: app.id, repos: ["octo/thing", "octo/secret"] });
});
afterEach(() => world.close());

const jwt = (times: { iat?: number; exp?: number } = {}) => appJwt(app.privateKey, { iss: app.id, ...times });
const seconds = () => Math.floor(Date.now() / 1000);

async function makeToken(body: object = {}): Promise<string> {
  const path = `/app/installations/${installation}/access_tokens`;
  const made = await world.ask("POST", path, { token: jwt(), body });
  expect([made.status, made.text]).toEqual([201, expect.any(String)]);
  return (made.data as { token: string }).token;
}

describe("the App's own calls take a JSON web token", () => {
  it("that its key has signed", async () => {
    expect((await world.ask("GET", "/app", { token: jwt() })).data).toMatchObject({ id: app.id, slug: "tac8" });
    const stranger = world.github.createApp({ owner: "octo", slug: "stranger" });
    const forged = appJwt(stranger.privateKey, { iss: app.id });
    expect(await world.ask("GET", "/app", { token: forged })).toMatchObject({
      status: 401,
      data: { message: "A JSON web token could not be decoded" },
    });
    expect(await world.ask("GET", "/app")).toMatchObject({ status: 401 });
    expect(await world.ask("GET", "/app", { token: appJwt(app.privateKey, { iss: 1 }) })).toMatchObject({
      status: 404,
    });
  });

  it.each([
    ["is over", () => ({ exp: seconds() - 1 }), /'exp'\) must be a numeric value/],
    ["is too long", () => ({ exp: seconds() + 3600 }), /'exp'\) is too far/],
    ["has not begun", () => ({ iat: seconds() + 300 }), /'iat'\) must be an Integer/],
  ])("whose time fits this GitHub's clock: not one that %s", async (_how, times, words) => {
    const answer = await world.ask("GET", "/app", { token: jwt(times()) });
    expect([answer.status, answer.text]).toEqual([401, expect.stringMatching(words)]);
  });

  it("and the clock can be put ahead", async () => {
    world.github.setClock(3_600_000);
    const answer = await world.ask("GET", "/app", { token: jwt() });
    expect(answer.status).toBe(401);
    expect(Date.parse(answer.headers.get("date") ?? "") - Date.now()).toBeGreaterThan(3_500_000);
  });
});

describe("an installation's token", () => {
  it("reaches the installation's repositories, or those that were asked for", async () => {
    const all = await makeToken();
    const one = await makeToken({ repositories: ["secret"] });
    const see = async (token: string, name: string) =>
      (await world.ask("GET", `/repos/octo/${name}`, { token })).status;
    expect([await see(all, "secret"), await see(all, "other")]).toEqual([200, 404]);
    expect([await see(one, "secret"), await see(one, "other")]).toEqual([200, 404]);
    const create = (token: string, name: string) =>
      world.ask("POST", `/repos/octo/${name}/labels`, { token, body: { name: "x", color: "ffffff" } });
    expect([(await create(all, "thing")).status, (await create(one, "thing")).status]).toEqual([201, 403]);
    const path = `/app/installations/${installation}/access_tokens`;
    const more = await world.ask("POST", path, { token: jwt(), body: { repositories: ["other"] } });
    expect(more.status).toBe(422);
  });

  it("has the permissions of the installation, or those that were asked for", async () => {
    const token = await makeToken({ permissions: { issues: "read", metadata: "read" } });
    const answer = await world.ask("POST", "/repos/octo/thing/issues", { token, body: { title: "x" } });
    expect(answer).toMatchObject({ status: 403, data: { message: "Resource not accessible by integration" } });
    const path = `/app/installations/${installation}/access_tokens`;
    const more = await world.ask("POST", path, { token: jwt(), body: { permissions: { workflows: "write" } } });
    expect(more.status).toBe(422);
  });

  it("ends after its time, by API and by git", async () => {
    world.github.setAppTokenLife(60_000);
    const token = await makeToken();
    const git = { authorization: `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}` };
    const refs = "/octo/thing.git/info/refs?service=git-receive-pack";
    const statuses = async () => [
      (await world.ask("GET", "/repos/octo/thing", { token })).status,
      (await world.ask("GET", refs, { token: "", headers: git })).status,
    ];
    expect(await statuses()).toEqual([200, 200]);
    world.github.setClock(61_000);
    expect(await statuses()).toEqual([401, 401]);
  });

  it("ends with its installation", async () => {
    const token = await makeToken();
    world.github.suspendApp(app.id, true);
    expect((await world.ask("GET", "/repos/octo/thing", { token })).status).toBe(401);
    const path = `/app/installations/${installation}/access_tokens`;
    expect((await world.ask("POST", path, { token: jwt(), body: {} })).status).toBe(403);
    world.github.uninstallApp(app.id);
    expect((await world.ask("GET", "/repos/octo/thing/installation", { token: jwt() })).status).toBe(404);
  });
});

it("a manifest makes an App, whose key can be had once", async () => {
  const manifest = JSON.stringify({
    name: "My tac8",
    redirect_url: "http://127.0.0.1:1/made",
    default_permissions: { issues: "write" },
  });
  const answer = await fetch(`${world.github.url}/settings/apps/new?state=abc`, {
    method: "POST",
    body: new URLSearchParams({ manifest }),
    redirect: "manual",
  });
  const back = new URL(answer.headers.get("location") ?? "");
  expect([answer.status, back.pathname, back.searchParams.get("state")]).toEqual([302, "/made", "abc"]);
  const path = `/app-manifests/${back.searchParams.get("code")}/conversions`;
  const made = (await world.ask("POST", path, { token: "" })).data as { id: number; slug: string; pem: string };
  expect(made).toMatchObject({ slug: "my-tac8", permissions: { issues: "write" } });
  expect((await world.ask("GET", "/app", { token: appJwt(made.pem, { iss: made.id }) })).status).toBe(200);
  expect((await world.ask("POST", path, { token: "" })).status).toBe(404);
});
