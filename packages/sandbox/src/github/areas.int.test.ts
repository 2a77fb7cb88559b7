import { afterAll, beforeAll, expect, it } from "vitest";
import { testGitHub, type TestGitHub } from "./server/test-github.ts";
import type { Area } from "./model.ts";

let world: TestGitHub;
beforeAll(async () => {
  world = await testGitHub();
  world.github.openIssue({ repo: world.repo, title: "One" });
});
afterAll(() => world.close());

const REPO = "/repos/octo/thing";
const REF = { ref: "tac8", sha: "0".repeat(40) };

it.each<[Area, Record<string, number>]>([
  ["contents", { refs: 403, issues: 422, pulls: 422, labels: 422 }],
  // Either of two permissions allows to create a label.
  ["issues", { refs: 422, issues: 403, pulls: 422, labels: 422 }],
  ["pulls", { refs: 422, issues: 422, pulls: 403, labels: 422 }],
])("a token that may only read %s is refused there before its request is checked", async (area, wanted) => {
  const token = world.github.addToken({ login: "octo", areas: { [area]: "read" } });
  const post = async (path: string, body: object) => (await world.ask("POST", REPO + path, { token, body })).status;
  expect({
    refs: await post("/git/refs", REF),
    issues: await post("/issues", {}),
    pulls: await post("/pulls", {}),
    labels: await post("/labels", {}),
  }).toEqual(wanted);
  const answer = await world.ask("GET", REPO, { token });
  expect(answer.data).toMatchObject({ permissions: { push: true } });
  expect((await world.ask("GET", `${REPO}/issues`, { token })).status).toBe(200);
});

it("without both of them nothing about labels is to be seen", async () => {
  const token = world.github.addToken({ login: "octo", areas: { issues: "none", pulls: "none" } });
  expect((await world.ask("GET", `${REPO}/issues/1`, { token })).status).toBe(403);
  expect((await world.ask("POST", `${REPO}/labels`, { token, body: { name: "x" } })).status).toBe(403);
});

it("pushing takes contents", async () => {
  const token = world.github.addToken({ login: "octo", areas: { contents: "read" } });
  const authorization = `Basic ${Buffer.from(`x:${token}`).toString("base64")}`;
  const ask = async (service: string) =>
    (await fetch(`${world.github.url}/octo/thing.git/info/refs?service=${service}`, { headers: { authorization } }))
      .status;
  expect([await ask("git-upload-pack"), await ask("git-receive-pack")]).toEqual([200, 403]);
});
