import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { loadConfig } from "@tac8/core/config/load";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openLab, type Cli, type Lab } from "../../../fixtures/harness.ts";
import { receiveCode } from "./receiveCode.ts";

const SOON = { betweenWrites: 0, everyInstallation: 20 };
let tools: Lab;
let lab: Lab;
let github: LocalGitHub;
let repo = "";
let made = 0;

beforeAll(async () => {
  tools = openLab();
  github = await startGitHub({ dir: join(tools.dir, "github") });
  github.addUser({ login: "octo" });
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
afterEach(() => lab.close());

const start = (args: readonly string[] = [], env: Record<string, string> = {}, waits: object = {}) =>
  lab.start(["init", "--app", "--repo", repo, "--api-url", github.url, ...args], env, { ...SOON, ...waits });

/** Do what the operator's browser does: open the page, send its form, and follow the redirect. */
async function browse(
  cli: Cli,
): Promise<{ readonly action: string; readonly manifest: Record<string, unknown>; readonly back: string }> {
  await cli.seen(/http:\/\/127\.0\.0\.1:\d+\/\S+\n/);
  const [url = ""] = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(cli.stdout()) ?? [];
  const page = await (await fetch(url)).text();
  const plain = (text: string) => text.replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  const action = plain(/action="([^"]*)"/.exec(page)?.[1] ?? "");
  const manifest = plain(/name="manifest" value="([^"]*)"/.exec(page)?.[1] ?? "");
  const answer = await fetch(action, { method: "POST", body: new URLSearchParams({ manifest }), redirect: "manual" });
  return {
    action,
    manifest: JSON.parse(manifest) as Record<string, unknown>,
    back: answer.headers.get("location") ?? "",
  };
}

const configOf = () => loadConfig({ env: { HOME: lab.dir }, cwd: lab.dir }).config;
const appId = () => configOf()?.github.app_id ?? 0;

test("an App is created in the browser with every permission that tac8 needs, its key is stored, and after its installation everything is checked", async () => {
  const cli = start(["--yes"]);
  const { manifest, back } = await browse(cli);
  expect(manifest).toMatchObject({
    public: false,
    hook_attributes: { active: false },
    default_events: [],
    default_permissions: { contents: "write", issues: "write", metadata: "read", pull_requests: "write" },
  });
  const state = new URL(back).searchParams.get("state") ?? "";
  const forged = back.replace(state, "x".repeat(state.length));
  expect((await fetch(forged)).status).toBe(403);
  expect((await fetch(back)).status).toBe(200);
  await cli.seen(/Install the App on octo\/hello-\d+[^]*\/apps\/tac8-octo-[0-9a-f]{4}\/installations\/new/);
  github.installApp({ app: appId(), repos: [repo] });
  await cli.ended;
  const key = join(lab.dataFolder, "github-app-private-key");
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(configOf()?.secrets.github).toMatchObject({ kind: "app", id: appId(), source: key });
  const out = cli.stdout();
  expect(out).toContain(`Wrote ${join(lab.dir, "config.toml")}.`);
  expect(out.replace(/\s+/g, " ")).toContain(`${repo}: accessible through the App's installation for octo`);
  expect(out).toContain(`${repo}: the token can write Contents, Issues, Pull requests`);
  expect(out).toMatch(/add the label rpi-auto to an issue/);
  expect(cli.stderr()).toBe("");
  for (const line of readFileSync(key, "utf8")
    .split("\n")
    .filter((text) => text.length > 20))
    expect(out).not.toContain(line);
});

test("if it is stopped while it waits for the installation, it continues at the next start with the same App", async () => {
  const cli = start(["--yes"]);
  await fetch((await browse(cli)).back);
  await cli.seen(/Install the App/);
  cli.signal("SIGINT");
  expect((await cli.ended).code).toBe(1);
  expect(cli.stdout()).toMatch(/is not installed on octo\/hello-\d+ yet: .*init --app continues from here/);
  const id = appId();
  const late = start(["--yes"], { GITHUB_TOKEN: "a-token-of-the-shell" }, { installation: 60 });
  expect((await late.ended).code).toBe(1);
  expect(late.stdout()).toContain("continues from here");
  github.installApp({ app: id, repos: [repo] });
  const again = start(["--yes"], { GITHUB_TOKEN: "a-token-of-the-shell" });
  await again.ended;
  expect(appId()).toBe(id);
  expect(again.stdout().replace(/\s+/g, " ")).toContain("accessible through the App's installation");
  expect(again.stdout()).toContain("GITHUB_TOKEN is set in this shell: unset it");
});

test("if it is stopped before the App is created, nothing is left, and the address no longer works", async () => {
  const cli = start(["--yes"]);
  const { back } = await browse(cli);
  cli.signal("SIGTERM");
  expect((await cli.ended).code).toBe(1);
  expect(cli.stderr()).toMatch(/^tac8: interrupted: run \S+ init --app again\n$/);
  await expect(fetch(back)).rejects.toThrow("fetch failed");
  expect(existsSync(join(lab.dir, "config.toml"))).toBe(false);
});

test("a code that was used before is refused in one line, and nothing is written", async () => {
  const cli = start(["--yes"]);
  const { back } = await browse(cli);
  const code = new URL(back).searchParams.get("code");
  await fetch(`${github.url}/app-manifests/${code}/conversions`, { method: "POST" });
  await fetch(back);
  expect((await cli.ended).code).toBe(1);
  expect(cli.stderr()).toMatch(/^tac8: GitHub did not exchange this code for the App .*: run \S+ init --app again\n$/);
  expect(existsSync(join(lab.dir, "config.toml"))).toBe(false);
});

test("if nothing can be stored, no App is created", async () => {
  const path = join(lab.dir, "file");
  writeFileSync(path, "");
  const cli = start(["--yes", "--config", join(path, "config.toml")]);
  expect((await cli.ended).code).toBe(1);
  expect(cli.stderr()).toMatch(/^tac8: .*cannot write .*file, so no App was created: .*\n$/);
  expect(cli.stdout()).not.toContain("http://");
});

test("an App that was created but cannot be stored is reported with its page", async () => {
  const folder = join(lab.dir, "late");
  const cli = start(["--yes", "--config", join(folder, "config.toml")]);
  const { back } = await browse(cli);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "");
  await fetch(back);
  expect((await cli.ended).code).toBe(1);
  expect(cli.stderr()).toMatch(
    /cannot write .*\. The GitHub App \d+ was already created: .*\/apps\/tac8-octo-\w+\).*\n$/,
  );
});

test("without an App within the time limit, one line is printed, and nothing is written", async () => {
  const cli = start(["--yes"], {}, { appCode: 20 });
  expect((await cli.ended).code).toBe(1);
  expect(cli.stdout()).toContain("The page expires after 10 minutes.");
  expect(cli.stderr()).toMatch(
    /^tac8: no App was created in the browser within 10 minutes: run \S+ init --app again\n$/,
  );
  expect(existsSync(join(lab.dir, "config.toml"))).toBe(false);
});

test("a GitHub that does not respond about the installation is reported", async () => {
  const cli = start(["--yes"], {}, { noAnswer: 1 });
  const { back } = await browse(cli);
  github.fault({ path: "/app", times: 1000, do: { status: 502 } });
  await fetch(back);
  await cli.seen(/cannot read the App from GitHub, retrying: /);
  cli.signal("SIGINT");
  await cli.ended;
  github.clearFaults();
});

test.each([
  ["with a token's file", ["--token-file", "x"], 2, /give --app or --token-file, not both/],
  ["over a configuration that is there", [], 1, /already exists: use --force/],
])("is refused %s", async (_how, args, code, words) => {
  mkdirSync(lab.dir, { recursive: true });
  writeFileSync(join(lab.dir, "config.toml"), "");
  const cli = start(["--yes", ...args]);
  expect((await cli.ended).code).toBe(code);
  expect(cli.stderr()).toMatch(words);
});

test("the address can be pasted; only that of this run, with its own host, is accepted", async () => {
  const server = await receiveCode({ actionFor: (state) => `http://g/?state=${state}`, manifestFor: () => ({}) });
  try {
    const state = /state=([\w-]+)/.exec(await (await fetch(server.url)).text())?.[1] ?? "";
    const address = `http://127.0.0.1:${server.port}/made?code=abcdef0123456789&state=${state}`;
    expect(server.read(` ${address}\n`)).toBe("abcdef0123456789");
    expect(server.read("abcdef0123456789")).toBe("abcdef0123456789");
    for (const text of ["", "hello there", address.replace(state, "other"), address.replace("abcdef", "<b>")]) {
      expect(server.read(text)).toBeNull();
    }
    const named = (host: string) =>
      new Promise((resolve, reject) => {
        const asked = request(server.url, { headers: { host } }, (answer) => resolve(answer.resume().statusCode));
        asked.on("error", reject).end();
      });
    expect([await named("evil.example"), await named(`localhost:${server.port}`)]).toEqual([404, 200]);
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
  } finally {
    await server.close();
  }
});
