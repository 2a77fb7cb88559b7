import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testGitHub, type TestGitHub } from "./server/test-github.ts";

const run = promisify(execFile);

let world: TestGitHub;
let dir: string;
beforeAll(async () => {
  world = await testGitHub();
  dir = join(world.folder, "clone");
  await mkdir(dir);
  await git("clone", "--quiet", urlFor("octo-token"), ".");
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.github.clearRulesets(world.repo);
  await world.github.guardContents(world.repo, {});
});

const urlFor = (token: string) => `${world.github.url.replace("//", `//x:${token}@`)}/${world.repo}.git`;

async function git(...args: string[]): Promise<string> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: dir, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
  const names = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  return run("git", [...names, ...args], { cwd: dir, env }).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: Error & { stderr?: string }) => `refused: ${error.stderr ?? error.message}`,
  );
}

/** A new commit with the file, pushed to a branch of its own. */
async function push(branch: string, { file = "a.txt", text = "a\n", token = "octo-token" } = {}): Promise<string> {
  await git("checkout", "--quiet", "-B", "work", "origin/HEAD");
  await mkdir(join(dir, file, ".."), { recursive: true });
  await writeFile(join(dir, file), text);
  await git("add", "--force", file);
  await git("commit", "--quiet", "--allow-empty", "-m", `Change for ${branch}`);
  return git("push", "--force", urlFor(token), `HEAD:refs/heads/${branch}`);
}

const starts = (pattern: string, negate = false) => ({ operator: "starts_with", pattern, negate });

test("a ruleset that lets only users/** be created", async () => {
  await world.github.addRuleset(world.repo, { exclude: ["refs/heads/users/**"], rules: [{ type: "creation" }] });
  const refused = await push("auto/gh-1");
  expect(refused).toMatch(/^refused: /);
  expect(refused).toContain("GH013: Repository rule violations found for refs/heads/auto/gh-1.");
  expect(refused).toContain("- Cannot create ref due to creations being restricted.");
  expect(refused).toContain("[remote rejected]");
  expect(await push("users/ann/gh-1")).not.toMatch(/^refused/);
  expect(Object.keys(world.github.branches(world.repo))).not.toContain("auto/gh-1");
  expect((await world.ask("GET", `/repos/${world.repo}/rules/branches/auto%2Fgh-1`)).data).toMatchObject([
    { type: "creation" },
  ]);
  expect((await world.ask("GET", `/repos/${world.repo}/rules/branches/users%2Fann%2Fgh-1`)).data).toEqual([]);
});

test.each([
  ["branch_name_pattern", starts("users/"), "Branch name must start with a matching pattern: users/"],
  ["branch_name_pattern", { operator: "regex", pattern: "^users/[a-z]+$" }, "Branch name must match a given regex"],
  ["commit_author_email_pattern", { operator: "ends_with", pattern: "@acme.com" }, "Commit author email must end"],
  ["committer_email_pattern", { operator: "contains", pattern: "acme" }, "Committer email must contain"],
  ["commit_message_pattern", starts("feat: "), "Commit message must start with a matching pattern: feat: "],
  ["required_signatures", undefined, "Commits must have verified signatures."],
  ["pull_request", undefined, "Changes must be made through a pull request."],
])("the rule %s", async (type, parameters, words) => {
  const rule = parameters === undefined ? { type } : { type, parameters };
  await world.github.addRuleset(world.repo, { rules: [rule], bypass: ["helper"] });
  expect(await push("topic/x")).toContain(`- ${words}`);
  expect(await push(`topic/${type}-bypassed`, { token: "helper-token" })).not.toMatch(/^refused/);
  const id = world.github.rulesets(world.repo)[0]?.id ?? 0;
  const shown = async (token: string) =>
    (await world.ask("GET", `/repos/${world.repo}/rulesets/${id}`, { token })).data as Record<string, unknown>;
  expect((await shown("octo-token"))["current_user_can_bypass"]).toBe("never");
  expect((await shown("helper-token"))["current_user_can_bypass"]).toBe("always");
});

test("a rule that is kept to, and one that is negated", async () => {
  const rule = (parameters: object) => ({ type: "branch_name_pattern", parameters: { ...parameters } });
  await world.github.addRuleset(world.repo, { rules: [rule(starts("kept/")), rule(starts("kept/not", true))] });
  expect(await push("kept/x")).not.toMatch(/^refused/);
  expect(await push("kept/not-x")).toMatch(/^refused/);
});

test("secrets, large files and workflows are refused by what is in the commits", async () => {
  await world.github.guardContents(world.repo, { secret: "KEY-[0-9]{4}", maxFileBytes: 100, workflows: true });
  const secret = await push("content/a", { text: "KEY-1234\n", file: "conf/key.txt" });
  expect(secret).toContain("- Push cannot contain secrets");
  expect(secret).toContain("path: conf/key.txt:1");
  expect(await push("content/b", { text: "x".repeat(200) })).toContain("GH001: Large files detected.");
  expect(await push("content/c", { file: ".github/workflows/ci.yml" })).toContain("without `workflow` scope");
  expect(await push("content/d")).not.toMatch(/^refused/);
});

test("an app's token is no user's, shows no permissions, and writes under the app's name", async () => {
  const { github, repo } = world;
  github.addUser({ login: "tac8[bot]" });
  github.setPermission(repo, "tac8[bot]", "write");
  const token = github.addToken({ login: "tac8[bot]", app: true });
  expect((await world.ask("GET", "/user", { token })).data).toMatchObject({
    message: "Resource not accessible by integration",
  });
  expect((await world.ask("GET", `/repos/${repo}`, { token })).data).toMatchObject({ permissions: { push: false } });
  const viewer = await world.ask("POST", "/graphql", { token, body: { query: "{ viewer { login } }" } });
  expect(viewer.data).toEqual({ data: { viewer: { login: "tac8[bot]" } } });
  const { number } = github.openIssue({ repo, title: "An issue" });
  const made = await world.ask("POST", `/repos/${repo}/issues/${number}/comments`, { token, body: { body: "hi" } });
  expect(made.data).toMatchObject({ user: { login: "tac8[bot]", type: "Bot" } });
});

test("a refusal names the permission that is missing", async () => {
  const token = world.github.addToken({ login: "octo", areas: { issues: "read", pulls: "read" } });
  const { status, headers } = await world.ask("POST", `/repos/${world.repo}/issues/1/comments`, { token, body: {} });
  expect([status, headers.get("x-accepted-github-permissions")]).toEqual([403, "issues=write; pull_requests=write"]);
});

test("a renamed label stays on issues, and events keep its old name", async () => {
  const { github, repo } = world;
  const { number } = github.openIssue({ repo, title: "Labelled", labels: ["old name"] });
  github.renameLabel(repo, "old name", "new name");
  expect(github.issue(repo, number).labels).toEqual(["new name"]);
  const events = (await world.ask("GET", `/repos/${repo}/issues/${number}/events`)).data;
  expect(events).toMatchObject([{ event: "labeled", label: { name: "old name" } }]);
  expect((await world.ask("GET", `/repos/${repo}/labels/old%20name`)).status).toBe(404);
  github.forgetEvents(repo, number);
  expect((await world.ask("GET", `/repos/${repo}/issues/${number}/events`)).data).toEqual([]);
});

test("drafts that the plan does not have are refused", async () => {
  const { github, repo } = world;
  await github.commitTo({ repo, branch: "draft", files: { "d.txt": "d\n" }, author: "octo" });
  github.setDrafts(repo, false);
  const open = (draft: boolean) =>
    world.ask("POST", `/repos/${repo}/pulls`, { body: { title: "D", head: "draft", base: "main", draft } });
  const refused = await open(true);
  expect([refused.status, refused.data]).toMatchObject([
    422,
    { message: "Draft pull requests are not supported in this repository." },
  ]);
  expect((await open(false)).status).toBe(201);
});
