import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testGitHub, type TestGitHub } from "./server/test-github.ts";

let world: TestGitHub;

beforeEach(async () => {
  world = await testGitHub();
});

afterEach(async () => world.close());

const address = (token: string) => `${world.github.url.replace("://", `://x-access-token:${token}@`)}/octo/thing.git`;

async function git(args: readonly string[], dir = world.folder): Promise<{ code: number; output: string }> {
  const config = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "credential.helper="];
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_GLOBAL: "/dev/null" };
  const child = spawn("git", [...config, ...args], { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

async function clone(): Promise<string> {
  expect(await git(["clone", "-q", address(world.token), "work"])).toMatchObject({ code: 0 });
  return join(world.folder, "work");
}

async function commit(dir: string, content: string | Buffer): Promise<void> {
  await writeFile(join(dir, "file"), content);
  await git(["add", "-A"], dir);
  await git(["commit", "-qm", "work"], dir);
}

it("clones and pushes with a token, and records the account of each push", async () => {
  const dir = await clone();
  await commit(dir, "one\n");
  expect(await git(["push", address("helper-token"), "HEAD:refs/heads/auto/gh-1"], dir)).toMatchObject({ code: 0 });
  await git(["commit", "-q", "--amend", "-m", "other"], dir);
  expect(await git(["push", address(world.token), "HEAD:auto/gh-1"], dir)).toMatchObject({ code: 1 });
  expect(await git(["push", "-f", address(world.token), "HEAD:auto/gh-1"], dir)).toMatchObject({ code: 0 });
  const [first, second, ...rest] = world.github.pushes;
  expect(rest).toEqual([]);
  const ref = "refs/heads/auto/gh-1";
  expect(first).toMatchObject({ repo: world.repo, ref, login: "helper", forced: false, before: "0".repeat(40) });
  expect(second).toMatchObject({ ref, login: "octo", forced: true, before: first?.after });
  expect(world.github.branches(world.repo)["auto/gh-1"]).toBe(second?.after);
});

it("streams a pack that is larger than git's buffer (chunked) and a gzipped negotiation", async () => {
  const dir = await clone();
  await commit(dir, randomBytes(5_000_000));
  expect(await git(["push", address(world.token), "HEAD:main"], dir)).toMatchObject({ code: 0 });
  for (let number = 0; number < 40; number += 1) await git(["commit", "-qm", "x", "--allow-empty"], dir);
  await world.github.commitTo({ repo: world.repo, branch: "side", files: { a: "b" }, author: "octo" });
  expect(await git(["fetch", "-q", "origin", "side"], dir)).toMatchObject({ code: 0 });
  expect((await git(["show", "FETCH_HEAD:a"], dir)).output).toBe("b");
});

it("asks for a token, refuses a wrong one, and denies a push without write access", async () => {
  const dir = await clone();
  await commit(dir, "one\n");
  const anonymous = await fetch(`${world.github.url}/octo/thing.git/info/refs?service=git-upload-pack`);
  expect([anonymous.status, anonymous.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="GitHub"']);
  expect((await git(["ls-remote", address("wrong")])).output).toContain("Authentication failed");
  expect(await git(["ls-remote", address("stranger-token")])).toMatchObject({ code: 0 });
  const denied = await git(["push", address("stranger-token"), "HEAD:refs/heads/mine"], dir);
  expect(denied.output).toContain("403");
  expect(world.github.pushes).toEqual([]);
});

it("shows a pull request's head, which follows its branch and closes with it", async () => {
  const dir = await clone();
  await commit(dir, "one\n");
  await git(["push", address(world.token), "HEAD:refs/heads/fix"], dir);
  const body = { title: "Fix", head: "fix", base: "main" };
  expect((await world.ask("POST", "/repos/octo/thing/pulls", { body })).status).toBe(201);
  await commit(dir, "two\n");
  await git(["push", address(world.token), "HEAD:refs/heads/fix"], dir);
  const sha = (await git(["rev-parse", "HEAD"], dir)).output.trim();
  expect((await git(["ls-remote", address(world.token), "refs/pull/1/head"])).output).toContain(sha);
  expect(world.github.pulls(world.repo)[0]).toMatchObject({ headSha: sha, state: "open" });
  await git(["push", address(world.token), ":fix"], dir);
  expect(world.github.pulls(world.repo)[0]).toMatchObject({ state: "closed", merged: false });
});

it("loses the answer to a push that was done", async () => {
  const dir = await clone();
  await commit(dir, "one\n");
  world.github.fault({ path: /git-receive-pack$/, times: 1, do: { drop: "after" } });
  expect((await git(["push", address(world.token), "HEAD:refs/heads/fix"], dir)).code).not.toBe(0);
  expect(world.github.pushes).toMatchObject([{ ref: "refs/heads/fix" }]);
});
