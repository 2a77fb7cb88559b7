import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { appTokens } from "@tac8/core/github/appTokens";
import type { GitHubTokens } from "@tac8/core/github/tokens";
import { createLogger } from "@tac8/core/log/logger";
import { pushWork } from "../airlock/testing/pushWork.ts";
import { failureOf } from "../run/failureOf.ts";
import { Mirror } from "../workspace/mirror.ts";
import { createGitBench, REPO, type GitBench } from "../workspace/testing/gitBench.ts";
import type { CleanSide } from "./cleanSide.ts";

const HOUR_MS = 3_600_000;
const GRANTED = { contents: "write", issues: "write", metadata: "read", pull_requests: "write" };
const BOT = "tac8[bot]";

let bench: GitBench;
let app: { readonly id: number; readonly privateKey: string };
beforeAll(async () => {
  bench = await createGitBench();
  app = bench.github.createApp({ owner: "octo", slug: "tac8" });
});
beforeEach(async () => {
  bench = bench.another();
  bench.github.installApp({ app: app.id, repos: [REPO] });
  await bench.ensure();
  await bench.commit("mine.txt", `${bench.name}\n`);
});
afterEach(() => {
  bench.github.suspendApp(app.id, false);
  bench.github.uninstallApp(app.id);
  bench.github.permitApp(app.id, GRANTED);
  bench.github.setClock(0);
  bench.github.clearFaults();
});
afterAll(() => bench.close());

function openApp(now: () => number = Date.now): GitHubTokens {
  return appTokens({
    apiUrl: bench.github.url,
    credentials: { kind: "app", installationId: null, source: "test", ...app },
    repositories: [{ owner: "octo", repo: "widgets" }],
    secrets: [],
    log: createLogger({ name: "test", level: "silent", secrets: [] }),
    retryBaseMs: 1,
    now,
  });
}

const push = (clean: CleanSide) => pushWork(bench, { clean });

const requests = (path: RegExp) => bench.github.requests.filter((entry) => path.test(entry.path));
const statuses = (path: RegExp, since: number) =>
  requests(path)
    .slice(since)
    .map(({ status }) => status);

test("git fetches and pushes as the App, with one token", async () => {
  const clean = { ...bench.clean, tokens: openApp() };
  await new Mirror(bench.mirror.paths, clean).refresh();
  expect(await push(clean)).toBe("pushed");
  expect(bench.github.pushes.at(-1)).toMatchObject({ login: BOT, ref: `refs/heads/${bench.branch}` });
});

test.each([
  ["two hours ahead of", 2 * HOUR_MS],
  ["two hours behind", -2 * HOUR_MS],
])("an App works if GitHub's clock is %s this machine's", async (_how, aheadMs) => {
  bench.github.setClock(aheadMs);
  const tokens = openApp();
  const made = requests(/access_tokens$/).length;
  const clean = { ...bench.clean, tokens };
  await new Mirror(bench.mirror.paths, clean).refresh();
  expect(await push(clean)).toBe("pushed");
  // The first request is signed with this machine's clock.
  expect(statuses(/access_tokens$/, made)).toEqual([401, 201]);
});

test("a token that expires before git uses it is replaced once, and the command runs again", async () => {
  const tokens = openApp();
  const clean = { ...bench.clean, tokens };
  bench.github.revokeToken(await tokens.get());
  const made = requests(/access_tokens$/).length;
  expect(await push(clean)).toBe("pushed");
  expect(statuses(/access_tokens$/, made)).toEqual([201]);
});

test("a push that is refused after its pack was sent is repeated completely", async () => {
  const clean = { ...bench.clean, tokens: openApp() };
  const fault = bench.github.fault({ method: "POST", path: /git-receive-pack$/, times: 1, do: { status: 401 } });
  expect(await push(clean)).toBe("pushed");
  expect(fault.hits).toBe(1);
});

test("work that changes workflows is pushed as soon as the permission is granted, with one more token for each push", async () => {
  await mkdir(join(bench.paths.tree, ".github/workflows"), { recursive: true });
  await bench.commit(".github/workflows/ci.yml", `# ${bench.name}\n`);
  const clean = { ...bench.clean, tokens: openApp() };
  const refused = async () => failureOf(await push(clean).catch((error: unknown) => error));
  const made = requests(/access_tokens$/).length;
  expect(await refused()).toMatchObject({ kind: "refused", lacksWorkflows: true });
  expect(await refused()).toMatchObject({ kind: "refused", lacksWorkflows: true });
  expect(statuses(/access_tokens$/, made)).toEqual([201, 201, 201]);
  bench.github.permitApp(app.id, { ...GRANTED, workflows: "write" });
  expect(await push(clean)).toBe("pushed");
  expect(statuses(/access_tokens$/, made)).toEqual([201, 201, 201, 201]);
});

test("a suspended or removed App causes one error that names it, and a hold of the repository", async () => {
  let ahead = 0;
  const tokens = openApp(() => Date.now() + ahead);
  await tokens.get();
  bench.github.suspendApp(app.id, true);
  const failed = async () => failureOf(await push({ ...bench.clean, tokens }).catch((error: unknown) => error));
  const whole = { kind: "refused", wholeRepository: true };
  expect(await failed()).toMatchObject({
    ...whole,
    message: expect.stringContaining("for octo is suspended: unsuspend"),
  });
  bench.github.uninstallApp(app.id);
  ahead = 31_000;
  const { message, ...failure } = await failed();
  expect(failure).toMatchObject(whole);
  expect(message).toMatch(new RegExp(`the GitHub App ${app.id} is not installed on ${REPO}: install it there`));
});

test("a token gives access to only one repository, wherever the App is installed", async () => {
  const { github } = bench;
  github.uninstallApp(app.id);
  const { repo } = await github.createRepository({ owner: "octo", name: `private-${bench.name}`, private: true });
  github.installApp({ app: app.id, repos: [REPO, repo] });
  const token = await openApp().get();
  const see = async (name: string) => {
    const { status } = await fetch(`${github.url}/repos/${name}`, { headers: { authorization: `token ${token}` } });
    return status;
  };
  expect([await see(REPO), await see(repo)]).toEqual([200, 404]);
});
