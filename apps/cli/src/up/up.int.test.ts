import { EXIT_CONFIG } from "../../../../bin/lib/exitCode.mjs";
import type { Waits } from "../context/context.ts";
import { folderName } from "@tac8/core/config/dataFolder";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { SECRETS_SHOWN } from "@tac8/core/app/ownSecrets";
import { findProgram } from "@tac8/core/app/findProgram";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { startRedisServer } from "@tac8/sandbox/redis";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  appendFileSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isRunning, openLab, type Cli, type Lab } from "../../fixtures/harness.ts";
import { readRecord } from "../redis/record.ts";

const REPO = "octo/hello";
let tools: Lab;
let lab: Lab;
let github: LocalGitHub;
let token: string;
let cleanups: (() => Promise<unknown>)[];

beforeAll(async () => {
  tools = openLab();
  github = await startGitHub({ dir: join(tools.dir, "github") });
  token = github.addUser({ login: "octo" });
  await github.createRepository({ owner: "octo", name: "hello", files: { "README.md": "hello" } });
});
afterAll(async () => {
  await github.close();
  await tools.close();
});
beforeEach(() => {
  lab = openLab();
  cleanups = [() => lab.close()];
});

afterEach(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** Write a configuration whose agent is an existing program. */
function configure(more: { agent?: string; port?: number; repo?: string; apiUrl?: string } = {}): void {
  const { agent = "true", port = 0, repo = "hello", apiUrl = github.url } = more;
  const lines = [
    `[coordinator]\nshutdown_grace_seconds = 1`,
    `[github]\nrepo_owner = "octo"\nrepo_name = "${repo}"\napi_url = "${apiUrl}"`,
    `[llm]\ncommand = ["${agent}"]`,
    `[board]\nport = ${port}`,
  ];
  writeFileSync(join(lab.dir, "config.toml"), lines.join("\n"));
}

const up = (env: Record<string, string> = {}, waits: Waits = {}) =>
  started(lab.start(["up"], { GITHUB_TOKEN: token, ...env }, waits));
const upAsProcess = (env: Record<string, string> = {}) => started(lab.spawn(["up"], { GITHUB_TOKEN: token, ...env }));

async function started<T extends Cli>(cli: T): Promise<T> {
  await cli.seen(/Board: +http:/);
  await cli.seen(/runner listening/);
  await cli.seen(/scheduler listening/);
  return cli;
}

it("--only starts only the named apps, with the Redis of the others", async () => {
  configure();
  for (const [apps, output] of [
    ["runner", "--only needs REDIS_URL"],
    ["agent", "unknown app agent"],
  ] as const) {
    const cli = lab.start(["up", "--only", apps], { GITHUB_TOKEN: token });
    expect(await cli.ended).toMatchObject({ code: 2 });
    expect(cli.stderr()).toContain(output);
  }
  const server = await startRedisServer({ dir: lab.dir });
  cleanups.unshift(() => server.stop());
  const cli = lab.start(["up", "--only", "runner"], { GITHUB_TOKEN: token, REDIS_URL: server.url });
  await cli.seen(/runner listening/);
  expect(lab.witness().map(({ app }) => app)).not.toContain("scheduler");
  expect(lab.witness().map(({ app }) => app)).not.toContain("board");
});

const AT_ONCE: Waits = { githubRefusals: [0, 0] };

/** @param code of its end: EXIT_CONFIG where a later start makes no sense, 1 where it does */
async function refused(cli: Cli, code = EXIT_CONFIG): Promise<string> {
  expect(await cli.ended).toEqual({ code, signal: null });
  expect(cli.stderr()).not.toMatch(/^ +at /m);
  expect(lab.witness()).toEqual([]);
  return cli.stderr();
}

function pidOf(name: string): number {
  const found = alive().findLast(({ app }) => app === name);
  if (found === undefined) throw new Error(`${name} is not running`); // Never pid 0: that is this process' group.
  return found.pid;
}
const alive = () => lab.witness().filter(({ event, pid }) => event === "start" && isRunning(pid));

describe("tac8 up", () => {
  it("starts everything, and Ctrl-C stops it in order and leaves no process", async () => {
    configure();
    const cli = await upAsProcess();
    const redis = readRecord(lab.dataFolder);
    expect(redis).not.toBeNull();
    cli.signal("SIGINT");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect(cli.stdout()).toMatch(/stopped\n$/);
    expect(cli.stdout()).toMatch(/\d\d:\d\d:\d\d {2}runner {5}octo\/hello#3 {2}work begun/);
    expect(cli.stdout()).not.toContain("too small");
    // Without a terminal, no link is printed, because other users may read the file or the journal.
    expect(cli.stdout()).toMatch(/\n {2}Board: +http:\/\/127\.0\.0\.1:\d+\n {2}To sign in: \S+ open\n/);
    const ends = lab.witness().filter(({ event }) => event === "end");
    expect(ends.map(({ app }) => app)).toEqual(["board", "scheduler", "runner"]);
    expect(isRunning(redis?.pid ?? 0)).toBe(false);
    expect(readRecord(lab.dataFolder)).toBeNull();
    expect(readFileSync(join(lab.dataFolder, "logs", "runner.log"), "utf8")).toContain("too small");
  });

  it("warns if its own environment still shows the token, and only then", async () => {
    configure();
    const noWrite = `import fs from "node:fs"; import { syncBuiltinESMExports as sync } from "node:module";
      const { openSync } = fs;
      fs.openSync = (path, ...rest) => { if (path === "/proc/self/mem") throw new Error("EACCES"); return openSync(path, ...rest); };
      sync();`;
    const preload = `--import=data:text/javascript,${encodeURIComponent(noWrite)}`;
    for (const [env, times] of [
      [{}, 0],
      [{ NODE_OPTIONS: preload }, 1],
    ] as const) {
      const cli = await upAsProcess(env);
      const lines = cli.stderr().split("\n");
      expect(lines.filter((line) => line === `tac8: warning: ${SECRETS_SHOWN}`)).toHaveLength(times);
      cli.signal("SIGTERM");
      expect((await cli.ended).code).toBe(0);
    }
  });

  it("passes Redis, paths and token on", async () => {
    configure();
    const cli = await up();
    const { env, secrets } = lab.environments()[0] ?? { env: {}, secrets: {} };
    expect(secrets).toEqual({ GITHUB_TOKEN: token });
    expect(JSON.stringify(env)).not.toContain(token);
    expect(env).toMatchObject({
      TAC8_HOME: lab.dataFolder,
      TAC8_CONFIG: join(lab.dir, "config.toml"),
      TAC8_OPEN_COMMAND: "tac8 open",
      REDIS_URL: `unix://${lab.dataFolder}/redis/redis.sock`,
    });
    cli.signal("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  });

  it("stops at once on a second Ctrl-C", async () => {
    configure();
    const cli = await up({ FIXTURE_RUNNER: "ignore-term" }, { samePress: 0 });
    cli.signal("SIGINT");
    await cli.seen(/runner ignores SIGTERM/);
    cli.signal("SIGINT");
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(alive()).toEqual([]);
  });

  fieldTest("E12", "one Ctrl-C counts once, even if both launcher and command get the signal", async () => {
    configure();
    const cli = await up({}, { samePress: 3_600_000 });
    for (let times = 1; times <= 3; times += 1) cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
    expect(cli.stdout()).not.toContain("stopping immediately");
  });

  it("restarts an app that ended", async () => {
    configure();
    const cli = lab.start(["up"], { GITHUB_TOKEN: token, FIXTURE_RUNNER: "crash-once" });
    await cli.seen(/runner {5}! was killed by SIGKILL unexpectedly; restarting in 1 s/);
    await cli.seen(/runner listening/);
    await cli.seen(/Board:/);
    const given = lab.environments().filter(({ name }) => name === "runner");
    expect(given.map(({ secrets }) => secrets)).toEqual([{ GITHUB_TOKEN: token }, { GITHUB_TOKEN: token }]);
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
  });

  fieldTest("B6", "retries an app whose later start is refused: one line each, and the others continue", async () => {
    configure();
    const cli = await up({ FIXTURE_RUNNER: "refused-later" });
    process.kill(pidOf("runner"), "SIGKILL");
    await cli.seen(/runner {5}! was killed by SIGKILL unexpectedly; restarting in 1 s/);
    const refusal = "runner     ! cannot start: runner lacks something; runner lacks something else; restarting in";
    await cli.seen(new RegExp(`${refusal} 2 s\n[^]*${refusal} 4 s\n[^]*runner listening`));
    const starts = lab.witness().filter(({ event }) => event === "start");
    expect(starts.map(({ app }) => app).toSorted()).toEqual(["board", ...Array(4).fill("runner"), "scheduler"]);
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
    expect(cli.stderr()).toBe("");
  });

  it("keeps the other apps running beside one that crashes at each start", async () => {
    configure();
    const cli = lab.start(["up"], { GITHUB_TOKEN: token, FIXTURE_RUNNER: "crash-loop" });
    await cli.seen(/runner {5}! exited with code 1 unexpectedly; restarting in 2 s/);
    expect(isRunning(pidOf("board"))).toBe(true);
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
  });

  it("restarts an app that another process ended by SIGTERM", async () => {
    configure();
    const cli = await up();
    process.kill(pidOf("scheduler"), "SIGTERM");
    await cli.seen(/scheduler {2}! exited with code 0 unexpectedly; restarting in 1 s\n[^]*scheduler listening/);
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
  });

  it("restarts its Redis on the same socket", async () => {
    configure();
    const cli = await up();
    const before = readRecord(lab.dataFolder);
    process.kill(before?.pid ?? 0, "SIGKILL");
    const address = join(lab.dataFolder, "redis", "redis.sock");
    await cli.seen(new RegExp(`Redis at ${address} stopped unexpectedly; restarting it in 1 s`));
    await cli.seen(new RegExp(`Redis at ${address} is running again`));
    expect(readRecord(lab.dataFolder)).toMatchObject({ url: before?.url });
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
  });

  it("retries a Redis whose socket cannot be created, and can be stopped meanwhile", async () => {
    configure();
    const cli = await up();
    const { pid } = readRecord(lab.dataFolder) ?? { pid: 0 };
    expect(pid).not.toBe(0);
    process.kill(pid, "SIGKILL");
    await cli.seen(/Redis at \S+ stopped unexpectedly/);
    const socket = join(lab.dataFolder, "redis", "redis.sock");
    rmSync(socket);
    mkdirSync(socket);
    await cli.seen(/redis {6}! cannot start: Redis did not start in .*; restarting it in 2 s/);
    expect(isRunning(pidOf("runner"))).toBe(true);
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
  });

  it("stops everything if an app cannot start because of its configuration", async () => {
    configure();
    const cli = lab.start(["up"], { GITHUB_TOKEN: token, FIXTURE_BOARD: "config-error" });
    expect(await cli.ended).toEqual({ code: EXIT_CONFIG, signal: null });
    expect(cli.stderr()).toBe("tac8: the board cannot start: board does not like its configuration\n");
    expect(alive()).toEqual([]);
    expect(readRecord(lab.dataFolder)).toBeNull();
  });

  it("leaves no app when it is killed, and the next one takes over its Redis' socket", async () => {
    configure();
    const first = await upAsProcess();
    const left = readRecord(lab.dataFolder);
    first.signal("SIGKILL");
    await first.ended;
    const second = await up();
    expect(readRecord(lab.dataFolder)?.url).toBe(left?.url);
    expect(isRunning(left?.pid ?? 0)).toBe(false);
    second.signal("SIGINT");
    expect((await second.ended).code).toBe(0);
    await expect.poll(alive, { timeout: 60_000 }).toEqual([]);
  });

  it("refuses a second tac8 up on the same data", async () => {
    configure();
    const first = await upAsProcess();
    const second = lab.start(["up"], { GITHUB_TOKEN: token });
    expect((await second.ended).code).toBe(EXIT_CONFIG);
    expect(second.stderr()).toContain(
      `tac8: tac8 is already running (process ${first.pid}) on ${lab.dataFolder}: stop it first`,
    );
    first.signal("SIGINT");
    expect((await first.ended).code).toBe(0);
  });

  it("uses the Redis that REDIS_URL names, and leaves it running", async () => {
    configure();
    const dir = join(lab.dir, "own-redis");
    mkdirSync(dir);
    const redis = await startRedisServer({ dir });
    cleanups.unshift(() => redis.stop());
    const cli = await up({ REDIS_URL: redis.url });
    expect(lab.environments()[0]?.env["REDIS_URL"]).toBe(redis.url);
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
    expect(isRunning(redis.pid)).toBe(true);
    expect(readRecord(lab.dataFolder)).toBeNull();
  });
});

describe("the data folder", () => {
  const stop = async (cli: Cli): Promise<void> => {
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
  };

  it("is created for this user only, outside the checkout, and the first lines name it", async () => {
    configure();
    const first = await up();
    expect(first.stdout()).toContain(`Configuration in ${join(lab.dir, "config.toml")}\n`);
    expect(first.stdout()).toContain(`Data in ${lab.dataFolder} (a new folder)\n`);
    expect(first.stderr()).toBe("");
    expect(statSync(lab.dataFolder).mode & 0o777).toBe(0o700);
    expect(readdirSync(lab.dir)).not.toContain(".tac8");
    await stop(first);
    const second = await up();
    expect(second.stdout()).toContain(`Data in ${lab.dataFolder}\n`);
    await stop(second);
  });

  it("is found by the other commands, also with a configuration given from another folder", async () => {
    configure();
    const cli = await up();
    for (const args of [["status"], ["--config", "../config.toml", "status"]]) {
      const status = args.length > 1 ? lab.startIn("elsewhere", args) : lab.start(args);
      // The apps of this test do nothing, so no scheduler is announced.
      expect((await status.ended).code).toBe(4);
    }
    await stop(cli);
  });

  it("is that of an older version if there is one, even if a new one exists, and a line reports it", async () => {
    configure();
    const old = join(lab.dir, ".tac8");
    mkdirSync(join(old, "repos"), { recursive: true });
    mkdirSync(lab.dataFolder, { recursive: true });
    const cli = await up();
    expect(cli.stdout()).toContain(`Data in ${old}\n`);
    expect(cli.stderr()).toBe(
      `tac8: the data is in the former location ${old}; a new installation uses ${lab.dataFolder}\n`,
    );
    expect(readRecord(old)).not.toBeNull();
    expect((await lab.start(["status"]).ended).code).toBe(4);
    const doctor = lab.start(["doctor"], { GITHUB_TOKEN: token });
    await doctor.ended;
    expect(doctor.stdout()).toContain(`the data is in the former location ${old}`);
    await stop(cli);
    expect(readdirSync(lab.dataFolder)).toEqual([]);
  });

  it("depends on the configuration of the user, not on the folder in which tac8 is started", async () => {
    configure();
    mkdirSync(join(lab.dir, ".config", "tac8"), { recursive: true });
    const path = join(lab.dir, ".config", "tac8", "config.toml");
    renameSync(join(lab.dir, "config.toml"), path);
    const cli = await up();
    const data = readRecord(join(lab.dir, ".local", "share", "tac8", folderName(path)));
    expect(lab.environments()[0]?.env).toMatchObject({
      TAC8_CONFIG: path,
      REDIS_URL: data?.url,
    });
    expect((await lab.startIn("elsewhere", ["status"]).ended).code).toBe(4);
    await stop(cli);
  });
});

describe("tac8 up reports in one line a problem with", () => {
  it("the configuration and the token, all at once", async () => {
    writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "octo"\n[board]\nport = 99999\n');
    const output = await refused(lab.start(["up"]));
    expect(output.trim().split("\n")).toEqual([
      expect.stringMatching(/^tac8: .*github\.repo_name: missing/),
      expect.stringMatching(/^tac8: .*config\.toml:4: board\.port: found 99999/),
      expect.stringMatching(/^tac8: no GitHub token: .*GITHUB_TOKEN/),
    ]);
  });

  it("a token without configuration", async () => {
    expect(await refused(lab.start(["up"], { GITHUB_TOKEN: token }))).toMatch(
      /^tac8: no configuration file \(neither .*\/config\.toml nor .*\/\.config\/tac8\/config\.toml exists\): .*\n$/,
    );
  });

  it("missing programs", async () => {
    configure({ agent: "claude" });
    const bin = join(lab.dir, "bin");
    mkdirSync(bin);
    const flock = findProgram("flock", { path: process.env["PATH"] ?? "", cwd: "/" });
    symlinkSync(flock ?? "", join(bin, "flock"));
    const output = await refused(lab.start(["up"], { GITHUB_TOKEN: token, PATH: bin }));
    expect(output.trim().split("\n")).toEqual([
      expect.stringMatching(/^tac8: git was not found/),
      expect.stringMatching(/^tac8: claude was not found.*npm install/),
      expect.stringMatching(/^tac8: redis-server was not found.*REDIS_URL/),
    ]);
  });

  it("isolation that does not work", async () => {
    configure({ agent: "git" });
    appendFileSync(join(lab.dir, "config.toml"), '\n[agent]\nisolation = "auto"\n');
    const output = await refused(lab.start(["up"], { GITHUB_TOKEN: token }));
    expect(output).toMatch(/^tac8: agents cannot be isolated: Claude Code has no key, .*setup-token.*\n$/);
  });

  it("a machine that is too busy to test a sandbox: a service manager restarts it", async () => {
    configure();
    appendFileSync(join(lab.dir, "config.toml"), '\n[agent]\nisolation = "sandbox"\n');
    const bin = join(lab.dir, "killed");
    mkdirSync(bin);
    writeFileSync(join(bin, "bwrap"), "#!/bin/sh\nkill -KILL $$\n", { mode: 0o755 });
    const path = `${bin}:${process.env["PATH"]}`;
    const output = await refused(lab.start(["up"], { GITHUB_TOKEN: token, PATH: path }), 1);
    expect(output).toBe("tac8: could not test bwrap (it was killed): this machine is overloaded\n");
  });

  it("the board's port, if it is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.unshift(async () => server.close());
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    configure({ port });
    const output = await refused(lab.start(["up"], { GITHUB_TOKEN: token }));
    expect(output).toMatch(new RegExp(`^tac8: the board's port ${port} .* is in use.*TAC8_BOARD_PORT\n$`));
  });

  it("an unreachable Redis", async () => {
    configure();
    const output = await refused(
      lab.start(["up"], { GITHUB_TOKEN: token, REDIS_URL: "redis://:hidden-word@127.0.0.1:1" }),
      1,
    );
    expect(output).toMatch(/^tac8: Redis at 127\.0\.0\.1:1 is not reachable.*REDIS_URL.*\n$/);
  });

  it("a GitHub App that is not installed, is missing, has another key, or is set beside a token", async () => {
    configure();
    const { id, privateKey } = github.createApp({ owner: "octo", slug: "up" });
    const app = { GITHUB_APP_ID: String(id), GITHUB_APP_PRIVATE_KEY: privateKey };
    expect(await refused(lab.start(["up"], app, AT_ONCE))).toBe(
      `tac8: the GitHub App ${id} is not installed on ${REPO}: install it there\n`,
    );
    expect(await refused(lab.start(["up"], { ...app, GITHUB_APP_ID: "7" }, AT_ONCE))).toMatch(
      /^tac8: no GitHub App has the id 7: check github.app_id\n$/,
    );
    const other = github.createApp({ owner: "octo", slug: "other" });
    expect(await refused(lab.start(["up"], { ...app, GITHUB_APP_PRIVATE_KEY: other.privateKey }, AT_ONCE))).toMatch(
      /^tac8: GitHub rejects the GitHub App \d+ \(A JSON web token could not be decoded\): check .*\n$/,
    );
    expect(await refused(lab.start(["up"], { ...app, GITHUB_TOKEN: "t" }))).toMatch(/both a token and a GitHub App/);
  });

  it("a token that GitHub refuses", async () => {
    configure();
    expect(await refused(lab.start(["up"], { GITHUB_TOKEN: "wrong-token" }, AT_ONCE))).toMatch(
      /rejects GITHUB_TOKEN.*\n$/,
    );
  });

  it("no token that GitHub rejects twice, and then accepts", async () => {
    configure();
    github.fault({ path: /^\/user$/, times: 2, do: { status: 401, body: { message: "Bad credentials" } } });
    const cli = await up({}, AT_ONCE);
    expect(cli.stdout().match(/checking the token again: GitHub at \S+ rejects GITHUB_TOKEN/g)).toHaveLength(2);
    cli.signal("SIGINT");
    expect((await cli.ended).code).toBe(0);
  });

  it("a token that can only read", async () => {
    configure();
    const reader = github.addToken({ login: "octo", atMost: "read" });
    const output = await refused(lab.start(["up"], { GITHUB_TOKEN: reader }, AT_ONCE));
    expect(output).toMatch(new RegExp(`^tac8: GITHUB_TOKEN has no write access to ${REPO}: .*Contents, Issues.*\n$`));
  });

  it("an inaccessible repository", async () => {
    configure({ repo: "other" });
    expect(await refused(lab.start(["up"], { GITHUB_TOKEN: token }, AT_ONCE))).toMatch(/cannot access octo\/other/);
  });

  it("a data folder that cannot be used", async () => {
    configure();
    writeFileSync(join(lab.dir, "file"), "");
    const output = await refused(lab.start(["up"], { GITHUB_TOKEN: token, TAC8_HOME: "file/data" }));
    expect(output).toMatch(/^tac8: the data folder .*file\/data cannot be used.*TAC8_HOME.*\n$/);
  });
});

it("continues if GitHub is unreachable", async () => {
  configure({ apiUrl: "http://127.0.0.1:1" });
  const cli = await up();
  expect(cli.stdout()).toMatch(/! GitHub at http:\/\/127\.0\.0\.1:1 does not respond/);
  cli.signal("SIGINT");
  expect((await cli.ended).code).toBe(0);
});
