import { COMPILE_CACHE } from "@tac8/sandbox/node/compileCache";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeProblems, loadConfig } from "@tac8/core/config/load";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";

const MAIN = join(dirname(fileURLToPath(import.meta.url)), "../../fixtures/tac8.ts");
const SECRET = "token-never-to-be-seen";
const KEY = "sk-ant-oat01-never-to-be-seen";
let tools: Lab;
let lab: Lab;
let github: LocalGitHub;
let made = 0;
let repo = "";
const children: ChildProcess[] = [];

beforeAll(async () => {
  tools = openLab();
  github = await startGitHub({ dir: join(tools.dir, "github") });
  github.addUser({ login: "octo", token: SECRET });
});
afterAll(async () => {
  await github.close();
  await tools.close();
});
beforeEach(async () => {
  lab = openLab();
  made += 1;
  repo = (await github.createRepository({ owner: "octo", name: `hello-${made}` })).repo;
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await lab.close();
});

const config = () => join(lab.dir, "config.toml");

async function init(args: string[], env: Record<string, string> = {}) {
  const cli = lab.start(["init", ...args], env, { betweenWrites: 0 });
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

function tokenFile(mode = 0o600): string {
  const path = join(lab.dir, "my token");
  writeFileSync(path, `${SECRET}\n`);
  chmodSync(path, mode);
  return path;
}

async function labelsOf(): Promise<string[]> {
  const headers = { authorization: `token ${SECRET}` };
  const list = (await (await fetch(`${github.url}/repos/${repo}/labels`, { headers })).json()) as { name: string }[];
  return list.map(({ name }) => name);
}

test("with options only: the configuration, the labels, and what is left to do", async () => {
  const file = tokenFile();
  const { out, err } = await init(["--repo", repo, "--token-file", file, "--api-url", github.url, "--yes"]);
  expect(err).toBe("");
  expect(readFileSync(config(), "utf8")).toContain(`repo_name = "hello-${made}"`);
  expect(out).toContain(`Wrote ${config()}.\n`);
  expect(out).toContain(`${repo}: the token can write Contents, Issues, Pull requests`);
  const stored = join(lab.dataFolder, "github-token");
  expect(out).toContain(`Linked ${stored} to ${file}: tac8 reads GITHUB_TOKEN from there at each start.\n`);
  expect(readFileSync(stored, "utf8")).toBe(`${SECRET}\n`);
  expect(out.replace(/\s+/g, " ")).toContain(`token of octo, from ${stored}`);
  expect(out).not.toContain(SECRET);
  expect(await labelsOf()).toEqual(expect.arrayContaining(["rpi-auto", "rpi-working", "rpi-done", "rpi-failed"]));
});

test("a token file that other users can read is reported", async () => {
  const { out } = await init(["--repo", repo, "--token-file", tokenFile(0o644), "--api-url", github.url]);
  expect(out).toMatch(/Other users can read .*chmod 600/);
});

test.each<[string, (file: string) => string[], number, RegExp]>([
  ["no repository", () => [], 2, /no repository given: .*--repo owner\/name/],
  ["no token", () => ["--repo", "octo/x"], 2, /no GitHub token: give --token-file/],
  ["what is no repository", () => ["--repo", "x"], 2, /"x" is not a repository: expected owner\/name/],
  [
    "a token's file that is not there",
    () => ["--repo", "octo/x", "--token-file", "none"],
    1,
    /cannot read the token file: ENOENT/,
  ],
  [
    "a wrong address",
    (file) => ["--repo", "o/x", "--token-file", file, "--api-url", "x"],
    2,
    /github.api_url: found "x"/,
  ],
])("refuses %s in one line, and writes nothing", async (_, args, code, line) => {
  const output = await init(args(tokenFile()));
  expect(output).toMatchObject({ code, out: "", err: expect.stringMatching(line) });
  expect(output.err.trim().split("\n")).toHaveLength(1);
  expect(existsSync(config())).toBe(false);
});

test("an existing configuration is kept, unless --force is given", async () => {
  writeFileSync(config(), "mine");
  const args = ["--repo", repo, "--token-file", tokenFile(), "--api-url", github.url];
  expect(await init(args)).toMatchObject({ code: 1, err: expect.stringMatching(/already exists: use --force/) });
  expect(readFileSync(config(), "utf8")).toBe("mine");
  const { out } = await init([...args, "--force"]);
  expect(readFileSync(config(), "utf8")).toContain("repo_owner");
  expect(readFileSync(`${config()}.old`, "utf8")).toBe("mine");
  expect(out).toContain(`Kept the previous configuration as ${config()}.old: `);
  writeFileSync(config(), "mine, too");
  await init([...args, "--force"]);
  expect(readFileSync(`${config()}.old-2`, "utf8")).toBe("mine, too");
  expect((await init([...args, "--force"])).out).not.toContain("Kept");
});

test("the last line is the next step that makes sense", async () => {
  const args = ["--repo", repo, "--token-file", tokenFile(), "--api-url", github.url];
  // The program of the agent is missing.
  const { code, out } = await init(args, { PATH: join(lab.dir, "none") });
  expect(code).toBe(1);
  expect(out.trimEnd().split("\n").at(-1)).toMatch(
    /^Next: fix the problems marked ✗ above, and check again with \S+ doctor\. Then run \S+ up,/,
  );
});

/** Run `tac8 init` at a real terminal. */
function atTerminal(args: string[]) {
  const command = [process.execPath, MAIN, "init", "--api-url", github.url, ...args].join(" ");
  const env = { ...COMPILE_CACHE, PATH: process.env["PATH"] ?? "", HOME: lab.dir, TERM: "xterm" };
  const child = spawn("script", ["-qefc", command, "/dev/null"], { cwd: lab.dir, env });
  children.push(child);
  let output = "";
  // The terminal breaks lines at its width, also inside a path.
  const text = () => output.replace(/\s+/g, " ");
  const rechecks = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    for (const recheck of rechecks) recheck();
  });
  const ended = once(child, "close") as Promise<[number]>;
  return {
    text,
    ended,
    type: (text: string) => child.stdin.write(text),
    seen: (pattern: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const recheck = () => pattern.test(text()) && resolve();
        rechecks.add(recheck);
        recheck();
        void ended.then(() => reject(new Error(`ended without ${String(pattern)}:\n${output}`)));
      }),
  };
}

test("at a terminal it asks questions, and the typed token is not shown", async () => {
  const terminal = atTerminal([]);
  await terminal.seen(/Repository to work on/);
  terminal.type("nonsense\r");
  await terminal.seen(/That is not a repository[^]*Repository to work on/);
  terminal.type(`${repo}\r`);
  await terminal.seen(/Token \(empty to skip\): /);
  terminal.type(`${SECRET}\r`);
  await terminal.seen(/Key \(empty to skip\): /);
  terminal.type(`${KEY}\r`);
  await terminal.seen(/Next: .*\S+ up, and add the label/);
  await terminal.ended;
  const file = join(lab.dataFolder, "github-token");
  expect(readFileSync(file, "utf8")).toBe(`${SECRET}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(terminal.text()).toContain(repo);
  expect(terminal.text()).toContain("the token can write Contents, Issues, Pull requests");
  expect(terminal.text()).not.toContain(SECRET);
  expect(terminal.text()).not.toContain(KEY);
  const key = join(lab.dataFolder, "claude-code-oauth-token");
  expect(readFileSync(key, "utf8")).toBe(`${KEY}\n`);
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(readFileSync(config(), "utf8")).not.toContain(SECRET);
  expect(await labelsOf()).toContain("rpi-auto");
});

test("at a terminal it asks before it overwrites, and Ctrl-C ends it", async () => {
  writeFileSync(config(), "mine");
  const first = atTerminal([]);
  await first.seen(/Overwrite it\? \[y\/N\]/);
  first.type("\r");
  expect(await first.ended).toEqual([1, null]);
  expect(first.text()).toContain("was not changed");
  const second = atTerminal(["--force"]);
  await second.seen(/Repository to work on/);
  second.type("\u0003");
  expect(await second.ended).toEqual([1, null]);
  expect(second.text()).toContain("interrupted: nothing more was done");
  expect(readFileSync(config(), "utf8")).toBe("mine");
});

/** Let GitHub create the App of the page at this address. @returns the address to which GitHub redirects the browser */
async function makeApp(start: string): Promise<string> {
  const page = await (await fetch(start)).text();
  const plain = (text = "") => text.replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  const body = new URLSearchParams({ manifest: plain(/name="manifest" value="([^"]*)"/.exec(page)?.[1]) });
  const action = plain(/action="([^"]*)"/.exec(page)?.[1]);
  const answer = await fetch(action, { method: "POST", body, redirect: "manual" });
  return answer.headers.get("location") ?? "";
}

test.each([
  ["the browser comes back by itself", false],
  ["the operator pastes the address that it ends at", true],
])("at a terminal a GitHub App is made: %s", async (_how, pastes) => {
  const terminal = atTerminal(["--app", "--repo", repo]);
  await terminal.seen(/Key \(empty to skip\): /);
  terminal.type("\r");
  await terminal.seen(/http:\/\/127\.0\.0\.1:\d+\/[\w-]{20,}[^]*Waiting for GitHub… /);
  const back = await makeApp(/http:\/\/127\.0\.0\.1:\d+\/[\w-]{20,}/.exec(terminal.text())?.[0] ?? "");
  if (pastes) {
    terminal.type("nonsense there\r");
    await terminal.seen(/That address does not belong[^]*Waiting for GitHub… /);
    terminal.type(`${back}\r`);
  } else await fetch(back);
  await terminal.seen(/Install the App on/);
  const { config: found } = loadConfig({ env: { HOME: lab.dir }, cwd: lab.dir });
  github.installApp({ app: found?.github.app_id ?? 0, repos: [repo] });
  await terminal.seen(/Next: .*\S+ up, and add the label/);
  await terminal.ended;
  expect(terminal.text()).toContain("the token can write Contents, Issues, Pull requests");
  expect(terminal.text()).not.toMatch(/BEGIN RSA|nhandled/);
});

fieldTest(
  "E2",
  "secrets that init stored are found in a new shell; a variable takes precedence, which is reported",
  async () => {
    const terminal = atTerminal(["--repo", repo]);
    await terminal.seen(/Token \(empty to skip\): /);
    terminal.type(`${SECRET}\r`);
    await terminal.seen(/Key \(empty to skip\): /);
    terminal.type("\r");
    await terminal.ended;
    const { config: found } = loadConfig({ env: { HOME: lab.dir }, cwd: lab.dir });
    expect(found?.secrets).toMatchObject({ github: { token: SECRET, source: join(lab.dataFolder, "github-token") } });
    const cli = lab.start(["doctor", "--json"], {}, { betweenWrites: 0 });
    await cli.ended;
    const { checks } = JSON.parse(cli.stdout()) as { checks: { check: string; text: string }[] };
    expect(checks.find(({ check }) => check === "GitHub token")?.text).toContain(
      `from ${join(lab.dataFolder, "github-token")}`,
    );

    const other = { GITHUB_TOKEN: "another" };
    const again = await init(["--force", "--repo", repo, "--token-file", tokenFile(), "--api-url", github.url], other);
    expect(again.out).toContain("GITHUB_TOKEN is set in this shell and takes precedence over the stored one");
    const set = await init(["--force", "--repo", repo, "--api-url", github.url], { GITHUB_TOKEN: SECRET });
    expect(set.out).toContain(
      "GITHUB_TOKEN is set in this shell and was not stored: also set it wherever you start tac8.",
    );
  },
);

fieldTest("E2", "a stored token that other users can read, or whose file is missing, is reported", async () => {
  const file = tokenFile();
  await init(["--repo", repo, "--token-file", file, "--api-url", github.url]);
  chmodSync(file, 0o644);
  expect(loadConfig({ env: { HOME: lab.dir }, cwd: lab.dir }).warnings).toEqual([
    expect.stringMatching(/^other users can read .*github-token: run chmod 600 /),
  ]);
  rmSync(file);
  const { config: none, problems, path } = loadConfig({ env: { HOME: lab.dir }, cwd: lab.dir });
  expect(none).toBeNull();
  expect(describeProblems(problems, path)).toMatch(/^[^\n]*github-token: cannot be read: ENOENT[^\n]*$/);
});
