import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { folderName } from "@tac8/core/config/dataFolder";
import { EXIT_CONFIG } from "../bin/lib/exitCode.mjs";
import { findProgram } from "@tac8/core/app/findProgram";
import { connectRedis } from "@tac8/core/queue/redis";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { startProxy } from "@tac8/sandbox/proxy";
import { freePort, startRedisServer } from "@tac8/sandbox/redis";
import { launch, type Launched } from "./launch.ts";
import { childrenOf, commandOf, isAlive, nameOf } from "./processes.ts";
import { programOf, ROOT } from "./programs.ts";
import { createWorld, OWNER, REPO, SCRIPTED, type World } from "./world.ts";

const APPS = ["scheduler", "runner", "board"] as const;
type AppName = (typeof APPS)[number];

let world: World;
let started: Launched[] = [];
let server: Server | undefined;

beforeAll(async () => {
  world = await createWorld();
});
afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
  started = [];
  server?.close();
  server = undefined;
});
afterAll(() => world.close());

function environment(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: world.ownerHome,
    TAC8_CONFIG: world.configFile,
    TAC8_HOME: world.dataFolder,
    REDIS_URL: world.redisServer.url,
    GITHUB_TOKEN: world.token,
    GITHUB_API_URL: world.github.url,
    TAC8_BOARD_PORT: "0",
    ...changes,
  };
}

function start(app: AppName, env: Readonly<Record<string, string>>): Launched {
  return remember(launch(programOf(app), { env }));
}

function remember(launched: Launched): Launched {
  started.push(launched);
  return launched;
}

async function writeConfig(name: string, lines: readonly string[]): Promise<string> {
  const path = join(world.dir, name);
  await writeFile(path, lines.join("\n"));
  return path;
}

/** What it notifies people about why it stopped trying, one text a line. */
function complaints({ stdout, stderr }: Launched): string[] {
  const logged = stdout()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { level: number; msg: string })
    .filter(({ level }) => level >= 50)
    .map(({ msg }) => msg);
  return [...stderr().split("\n").filter(Boolean), ...logged];
}

function expectNoStack({ stdout, stderr }: Launched): void {
  expect(stdout() + stderr()).not.toMatch(/ {4}at |"stack"/);
}

/** It ends with the code for what a user has to fix, and says one line for each pattern. */
async function expectRefusal(launched: Launched, lines: readonly RegExp[], code = EXIT_CONFIG): Promise<void> {
  expect(await launched.ended).toBe(code);
  expect(complaints(launched)).toEqual(lines.map((line) => expect.stringMatching(line)));
  expectNoStack(launched);
}

describe("a problem that an operator must fix is one clear line and an exit code", () => {
  test.each(APPS)("%s: all problems of a bad configuration at once", async (app) => {
    const path = await writeConfig(`bad-${app}.toml`, [
      "[coordinator]",
      "max_concurrent_workers = 0",
      "poll_seconds = 3",
      "[board]",
      "port = 99999",
    ]);
    await expectRefusal(start(app, environment({ TAC8_CONFIG: path })), [
      /toml:\d: coordinator\.max_concurrent_workers: found 0/,
      /toml:\d: coordinator\.poll_seconds: unknown key/,
      /toml:\d: board\.port: found 99999/,
      /toml: github\.repo_owner: missing/,
      /toml: github\.repo_name: missing/,
    ]);
  });

  test.each(APPS)("%s: no configuration", async (app) => {
    const path = join(world.dir, "nowhere.toml");
    await expectRefusal(start(app, environment({ TAC8_CONFIG: path })), [
      /nowhere\.toml: the file does not exist; copy/,
    ]);
  });

  test.each(APPS)("%s: a Redis Cluster", async (app) => {
    const dir = await mkdtemp(join(world.dir, "cluster-"));
    const cluster = await startRedisServer({ dir, settings: { "cluster-enabled": "yes" } });
    await expectRefusal(start(app, environment({ REDIS_URL: cluster.url })), [
      /it is a Redis Cluster, which tac8 cannot use/,
    ]);
    await cluster.stop();
  });

  test.each(APPS)("%s: a Redis that has data of a newer version", async (app) => {
    const dir = await mkdtemp(join(world.dir, "newer-"));
    const newer = await startRedisServer({ dir });
    const redis = connectRedis(newer.url, { name: "test", onError: () => undefined });
    await redis.set("tac8:format", "99");
    await expectRefusal(start(app, environment({ REDIS_URL: newer.url })), [
      /^Redis at \S+ has data of a newer tac8 \(format 99; this version supports \d+\): upgrade tac8/,
    ]);
    expect(await redis.get("tac8:format")).toBe("99");
    redis.disconnect();
    await newer.stop();
  });

  test("runner: a data folder that has data of a newer version", async () => {
    const home = await mkdtemp(join(world.dir, "newer-home-"));
    await writeFile(join(home, "format"), "99\n");
    await expectRefusal(start("runner", environment({ TAC8_HOME: home })), [
      /it has data of a newer tac8 \(format 99;/,
    ]);
  });

  test.each(["scheduler", "runner"] as const)("%s: no token", async (app) => {
    await expectRefusal(start(app, environment({ GITHUB_TOKEN: "" })), [/no GitHub token: set GITHUB_TOKEN/]);
  });

  test.each(["scheduler", "runner"] as const)("%s: a token that GitHub does not know", async (app) => {
    const launched = start(app, environment({ GITHUB_TOKEN: "ghp_unknownunknownunknown" }));
    await expectRefusal(launched, [/GitHub refuses the token: .*401.*Replace GITHUB_TOKEN with a valid token/]);
  });

  test.each(["scheduler", "runner"] as const)("%s: a token without write access", async (app) => {
    const token = world.github.addToken({ login: OWNER, atMost: "read" });
    const launched = start(app, environment({ GITHUB_TOKEN: token }));
    await expectRefusal(launched, [/no write access to octo\/widgets: the token needs.*Contents.*write/]);
  });

  test("runner: no claude, no git, no flock", async () => {
    const path = await writeConfig("claude.toml", ["[github]", 'repo_owner = "octo"', 'repo_name = "widgets"']);
    const env = environment({ TAC8_CONFIG: path });
    const bin = join(world.dir, "bin");
    await mkdir(bin);
    const claude = /^claude was not found on the PATH: install it .*, or set llm\.command to its path$/;
    await expectRefusal(start("runner", { ...env, PATH: bin }), [/^git was not found/, /^flock was not found/, claude]);
    for (const name of ["git", "flock"]) {
      await symlink(findProgram(name, { path: env["PATH"] ?? "", cwd: "/" }) ?? "", join(bin, name));
    }
    await expectRefusal(start("runner", { ...env, PATH: bin }), [claude]);
  });

  test("runner: a machine that is too busy to test a sandbox: a service manager restarts the runner", async () => {
    const lines = ["[github]", 'repo_owner = "octo"', 'repo_name = "widgets"', "[agent]", 'isolation = "sandbox"'];
    const path = await writeConfig("killed.toml", [...lines, "[llm]", `command = ["${SCRIPTED}"]`]);
    const bin = join(world.dir, "killed");
    await mkdir(bin);
    await writeFile(join(bin, "bwrap"), "#!/bin/sh\nkill -KILL $$\n", { mode: 0o755 });
    const env = environment({ TAC8_CONFIG: path });
    const launched = start("runner", { ...env, PATH: `${bin}:${env["PATH"]}` });
    expect(await launched.ended).toBe(1);
    expect(complaints(launched)).toEqual(["could not test bwrap (it was killed): this machine is overloaded"]);
  });

  test("runner: the missing program of another agent", async () => {
    const lines = ["[github]", 'repo_owner = "octo"', 'repo_name = "widgets"', "[llm]", 'provider = "command"'];
    const template = 'command_template = ["/opt/no-such-agent", "{prompt_file}"]';
    const path = await writeConfig("command.toml", [...lines, template]);
    const missing = /\/opt\/no-such-agent was not found.*llm\.command_template/;
    await expectRefusal(start("runner", environment({ TAC8_CONFIG: path })), [missing]);
  });

  test("board: its port is taken", async () => {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const taken = new RegExp(`^port ${port} of 127.0.0.1 is in use: .*TAC8_BOARD_PORT`);
    await expectRefusal(start("board", environment({ TAC8_BOARD_PORT: String(port) })), [taken]);
  });

  test.each(APPS)("%s: no Redis: it says so, waits, and exits on SIGTERM", async (app) => {
    const port = await freePort();
    const launched = start(app, environment({ REDIS_URL: `redis://127.0.0.1:${port}` }));
    await launched.waitForOutput(
      new RegExp(`waiting for Redis at 127.0.0.1:${port} \\(connection refused\\): start it, or set`),
    );
    launched.child.kill("SIGTERM");
    expect(await launched.ended).toBe(0);
    expectNoStack(launched);
  });

  test("board: a Redis on a socket that asks for a password: it waits for the right one", async () => {
    const dir = await mkdtemp(join(world.dir, "redis-"));
    const redis = await startRedisServer({ dir, socket: join(dir, "own.sock") });
    try {
      const client = connectRedis(redis.url, { name: "test", onError: () => undefined });
      await client.config("SET", "requirepass", "right one");
      client.disconnect();
      const given = (password: string) => environment({ REDIS_URL: redis.url, REDIS_PASSWORD: password });
      const refused = start("board", given("wrong one"));
      await refused.waitForOutput(
        /waiting for Redis at .*own\.sock \(WRONGPASS.*check REDIS_PASSWORD, or the password/,
      );
      const launched = start("board", given("right one"));
      await launched.waitForOutput(/board at http/);
      for (const { child } of [refused, launched]) child.kill("SIGTERM");
      expect([await refused.ended, await launched.ended]).toEqual([0, 0]);
    } finally {
      await redis.stop();
    }
  });

  describe("tac8 up", () => {
    const up = (env: Readonly<Record<string, string>>) =>
      remember(launch(join(ROOT, "bin/tac8.mjs"), { args: ["up"], env }));

    test("no token", async () => {
      await expectRefusal(up(environment({ GITHUB_TOKEN: "" })), [/^tac8: no GitHub token: set GITHUB_TOKEN/]);
    });

    test("a configuration with a mistake", async () => {
      const path = await writeConfig("up-bad.toml", ["[coordinator]", "max_concurrent_workers = 0"]);
      const lines = [/max_concurrent_workers: found 0/, /repo_owner: missing/, /repo_name: missing/];
      await expectRefusal(up(environment({ TAC8_CONFIG: path })), lines);
    });

    test("the board's port is taken", async () => {
      server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const taken = new RegExp(`^tac8: the board's port ${port} on 127.0.0.1 is in use .*TAC8_BOARD_PORT$`);
      await expectRefusal(up(environment({ TAC8_BOARD_PORT: String(port) })), [taken]);
    });

    test("no Redis at REDIS_URL: a service manager restarts it", async () => {
      const port = await freePort();
      const launched = up(environment({ REDIS_URL: `redis://127.0.0.1:${port}` }));
      await expectRefusal(
        launched,
        [new RegExp(`^tac8: Redis at 127.0.0.1:${port} is not reachable \\(connection refused\\): start it`)],
        1,
      );
    });

    test("a token without write access", async () => {
      const token = world.github.addToken({ login: OWNER, atMost: "read" });
      await expectRefusal(up(environment({ GITHUB_TOKEN: token })), [/^tac8: .*no write access to octo\/widgets/]);
    });
  });
});

describe("tac8 up, after a good start", () => {
  /** All of it, with its own data folder; `childOf` finds the process of one of its apps. */
  async function allUp(folder: string, changes: Readonly<Record<string, string>> = {}) {
    const lines = ["[github]", 'repo_owner = "octo"', 'repo_name = "widgets"', "[llm]", `command = ["${SCRIPTED}"]`];
    const path = await writeConfig(`${folder}.toml`, [...lines, "[coordinator]", "shutdown_grace_seconds = 1"]);
    const env = environment({ TAC8_CONFIG: path, TAC8_HOME: join(world.dir, folder), ...changes });
    const launched = remember(launch(join(ROOT, "bin/tac8.mjs"), { args: ["up"], env }));
    for (const words of [/Board: +http/, /runner ready/, /scheduler ready/]) await launched.waitForOutput(words);
    const up = launched.child.pid ?? 0;
    const childOf = (app: AppName): number => {
      const child = childrenOf([up]).find(({ pid }) => nameOf(pid) === `tac8 ${app}`);
      if (child === undefined) throw new Error(`no process is named tac8 ${app}`); // Never pid 0: that is this group.
      return child.pid;
    };
    return { launched, up, childOf };
  }

  async function ctrlC({ child, ended }: Launched): Promise<void> {
    child.kill("SIGINT");
    expect(await ended).toBe(0);
  }

  fieldTest(
    "B5",
    "no process of tac8 is found by the name node, and an app that gets a SIGTERM starts again",
    async () => {
      const { launched, up, childOf } = await allUp("up-names");
      const names = [up, ...childrenOf([up]).map(({ pid }) => pid)].map((pid) => nameOf(pid));
      const commands = [up, ...childrenOf([up]).map(({ pid }) => pid)].map((pid) => commandOf(pid));
      expect(names.toSorted()).toEqual(["tac8 board", "tac8 runner", "tac8 scheduler", "tac8 up"]);
      expect(commands.toSorted()).toEqual(["tac8 board", "tac8 runner", "tac8 scheduler", "tac8 up"]);
      process.kill(childOf("board"), "SIGTERM");
      await launched.waitForOutput(/board {6}! exited with code 0 unexpectedly; restarting in 1 s[^]*Board: +http/);
      await ctrlC(launched);
    },
  );

  fieldTest("B6", "a board whose port is in use is restarted, and the other apps keep running", async () => {
    const port = await freePort();
    const { launched, childOf } = await allUp("up-port", { TAC8_BOARD_PORT: String(port) });
    const others = [childOf("scheduler"), childOf("runner")];
    process.kill(childOf("board"), "SIGKILL");
    const taken = (server = createServer());
    await expect.poll(() => listens(taken, port), { timeout: 60_000 }).toBe(true);
    await launched.waitForOutput(/board {6}! cannot start: port \d+ of 127.0.0.1 is in use: .*; restarting in \d+ s/);
    taken.close();
    await launched.waitForOutput(/cannot start[^]*Board: +http/);
    expect(others.map(isAlive)).toEqual([true, true]);
    await ctrlC(launched);
  });

  fieldTest(
    "B6",
    "a runner that GitHub refuses for a while is restarted, and the other apps keep running",
    async () => {
      const { launched, childOf } = await allUp("up-github");
      const others = [childOf("scheduler"), childOf("board")];
      const fault = world.github.fault({ path: /./, times: Infinity, do: { status: 401 } });
      process.kill(childOf("runner"), "SIGKILL");
      await launched.waitForOutput(/runner {5}! cannot start: GitHub refuses the token: .*; restarting in \d+ s/);
      fault.remove();
      await launched.waitForOutput(/cannot start[^]*runner ready/);
      expect(others.map(isAlive)).toEqual([true, true]);
      await ctrlC(launched);
    },
  );
});

/** Whether the server has the port now; another program may have it still. */
async function listens(candidate: Server, port: number): Promise<boolean> {
  candidate.listen(port, "127.0.0.1");
  return once(candidate, "listening").then(
    () => true,
    () => false,
  );
}

describe("an app by itself, without TAC8_HOME", () => {
  async function configured(folder: string): Promise<{ path: string; own: string; env: Record<string, string> }> {
    await mkdir(join(world.dir, folder));
    const lines = ["[github]", 'repo_owner = "octo"', 'repo_name = "widgets"', "[llm]", `command = ["${SCRIPTED}"]`];
    const path = await writeConfig(join(folder, "config.toml"), lines);
    const own = join(world.ownerHome, ".local", "share", "tac8", folderName(path));
    return { path, own, env: environment({ TAC8_CONFIG: path, TAC8_HOME: "" }) };
  }

  test("a runner and a scheduler create the data folder of their configuration, for their user only", async () => {
    const { own, env } = await configured("new");
    const runner = start("runner", env);
    await runner.waitForOutput(/runner ready/);
    expect(runner.stdout()).toContain(`created the data folder ${own}"`);
    expect((await stat(own)).mode & 0o777).toBe(0o700);
    expect(await readdir(own)).toEqual(expect.arrayContaining(["id", "runs"]));
    const scheduler = start("scheduler", env);
    await expect.poll(() => existsSync(join(own, "tasks.md")), { timeout: 60_000 }).toBe(true);
    for (const { child, ended } of [scheduler, runner]) {
      child.kill("SIGTERM");
      expect(await ended).toBe(0);
    }
  });

  test.each(APPS)("%s: an older version's folder is used, and the log says where the data is", async (app) => {
    const { path, own, env } = await configured(`old-${app}`);
    const old = join(dirname(path), ".tac8");
    await mkdir(join(old, "repos"), { recursive: true });
    const launched = start(app, env);
    await launched.waitForOutput(/runner ready|scheduler ready|board at http/);
    expect(launched.stdout()).toContain(`"the data is in the former location ${old}; a new installation uses ${own}"`);
    if (app === "runner") expect(existsSync(join(old, "runs"))).toBe(true);
    expect(existsSync(own)).toBe(false);
    launched.child.kill("SIGTERM");
    expect(await launched.ended).toBe(0);
  });

  test("a runner whose data folder cannot be created", async () => {
    const { env } = await configured("closed");
    await writeFile(join(world.dir, "file"), "");
    const closed = { ...env, XDG_DATA_HOME: join(world.dir, "file") };
    await expectRefusal(start("runner", closed), [
      /^the data folder .*file\/tac8\/closed-.* cannot be used .*TAC8_HOME/,
    ]);
  });

  test.each(APPS)("%s: no HOME", async (app) => {
    const { env } = await configured(`homeless-${app}`);
    await expectRefusal(start(app, { ...env, HOME: "" }), [/^HOME is not set to an absolute path.*set TAC8_HOME$/]);
  });
});

test("the runner says once that its agents are not isolated, and continues with the repositories that its token may write to", async () => {
  const lines = ["[github]", 'repo_owner = "octo"', 'repo_name = "widgets"'];
  const more = ["[[repositories]]", 'repo_owner = "octo"', 'repo_name = "missing"'];
  const path = await writeConfig("two.toml", [...lines, ...more, "[llm]", `command = ["${SCRIPTED}"]`]);
  const launched = start("runner", environment({ TAC8_CONFIG: path }));
  await launched.waitForOutput(/runner ready/);
  launched.child.kill("SIGTERM");
  expect(await launched.ended).toBe(0);
  expect(launched.stdout().match(/agents are not isolated: they run as the user of tac8/g)).toHaveLength(1);
  expect(launched.stdout()).toMatch(/"level":40.*GITHUB_TOKEN cannot access octo\/missing/);
  expect(complaints(launched)).toEqual([]);
});

test("a runner that loses Redis while it starts exits on SIGTERM", async () => {
  const redis = await startRedisServer({ dir: await mkdtemp(join(world.dir, "redis-")) });
  const lines = ["[github]", 'repo_owner = "octo"', 'repo_name = "widgets"', "[llm]", `command = ["${SCRIPTED}"]`];
  const path = await writeConfig("short.toml", [...lines, "[coordinator]", "shutdown_grace_seconds = 1"]);
  const fault = world.github.fault({ path: /./, times: Infinity, do: { status: 502 } });
  const launched = start("runner", environment({ TAC8_CONFIG: path, REDIS_URL: redis.url }));
  await expect.poll(() => fault.hits, { timeout: 60_000 }).toBeGreaterThan(0);
  await redis.stop();
  await launched.waitForOutput(/waiting for Redis at/);
  fault.remove();
  await launched.waitForOutput(/agents are not isolated/); // From here on it needs Redis.
  launched.child.kill("SIGTERM");
  expect(await launched.ended).toBe(1);
  expect(complaints(launched)).toEqual(["could not close in time: exiting anyway"]);
});

test("an app that cannot continue closes in order, says why, and exits with code 1", async () => {
  const program = `import { runApp } from "@tac8/core/app/main";
    await runApp("test", async (_config, { log, abandon }) => {
      setImmediate(() => abandon(new Error("nothing works any more: read the log")));
      return { close: async () => log.info("closed in order") };
    });`;
  const options = { cwd: ROOT, env: environment(), reject: false } as const;
  const { exitCode, stdout } = await execa(process.execPath, ["--input-type=module", "-e", program], options);
  expect(exitCode).toBe(1);
  expect(stdout).toContain("nothing works any more: read the log");
  expect(stdout).toContain("closed in order");
});

fieldTest("B7", "an issue becomes a pull request if GitHub is reached only through a proxy, also by git", async () => {
  const { port } = new URL(world.github.url);
  const proxy = await startProxy({ hosts: { "github.test": Number(port) }, credentials: "ann:pass-of-ann" });
  const env = {
    GITHUB_API_URL: `http://github.test:${port}`,
    HTTP_PROXY: proxy.url.replace("//", "//ann:pass-of-ann@"),
    NO_PROXY: "localhost, .elsewhere.test",
  };
  const apps = [world.startApp("scheduler", env), world.startApp("runner", env)];
  const issue = world.openIssue({
    script: [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "A." }],
  });
  await world.waitForState(issue, "pr");
  for (const app of apps) expect(await app.stop()).toBe(0);
  await proxy.close();
  expect(proxy.seen.some((line) => line.includes("git-receive-pack"))).toBe(true);
  for (const app of apps) {
    expect(app.log()).toContain(`GitHub is reached through the proxy ${proxy.url} (HTTP_PROXY)`);
    expect(app.log()).not.toContain("pass-of-ann");
  }
});

test("a runner with an exit reaches GitHub only through the exit, and the exit uses the proxy of its network", async () => {
  const { port } = new URL(world.github.url);
  const company = await startProxy({ hosts: { "github.test": Number(port) }, credentials: "ann:pass-of-ann" });
  const github = { GITHUB_API_URL: `http://github.test:${port}` };
  const proxied = { ...github, HTTP_PROXY: company.url.replace("//", "//ann:pass-of-ann@") };
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => company.close());
  const folder = await mkdtemp(join(world.dir, "exit-"));
  const file = join(folder, "password");
  const exit = launch(programOf("exit"), {
    env: { HOME: folder, TAC8_HOME: folder, TAC8_EXIT_PASSWORD_FILE: file, TAC8_EXIT_PORT: "0", ...proxied },
  });
  cleanup.defer(() => void exit.child.kill());
  await exit.waitForOutput(/exit ready, through the proxy/);
  const address = `http://127.0.0.1:${/"port":(\d+)/.exec(exit.stdout())?.[1] ?? ""}`;
  const runner = world.startApp("runner", {
    ...github,
    TAC8_EXIT: address,
    TAC8_EXIT_PASSWORD_FILE: file,
    HTTP_PROXY: "http://nowhere.invalid:1",
    NO_PROXY: "*",
  });
  const scheduler = world.startApp("scheduler", proxied);
  const issue = world.openIssue({ script: [{ write: "e.txt", text: "e\n" }, { commit: "feat: e" }, { result: "E." }] });
  await world.waitForState(issue, "pr");
  const password = (await readFile(file, "utf8")).trim();
  for (const app of [runner, scheduler]) expect(await app.stop()).toBe(0);
  exit.child.kill();
  expect(await exit.ended).toBe(0);
  expect(company.seen.some((line) => line.includes("git-receive-pack"))).toBe(true);
  expect(runner.log()).toContain(`GitHub is reached through the proxy ${address} (TAC8_EXIT)`);
  for (const output of [runner.log(), exit.stdout(), exit.stderr()]) {
    expect(output).not.toContain(password);
    expect(output).not.toContain("pass-of-ann");
  }
});

fieldTest("B4", "an agent whose worktree has lost its .git finds no repository above it", async () => {
  await execa("git", ["init", "--quiet", world.dir]);
  const apps = [world.startApp("scheduler"), world.startApp("runner")];
  const probe = "mv .git kept; git rev-parse --show-toplevel > seen.txt 2>&1; mv kept .git";
  const issue = world.openIssue({ script: [{ bash: probe }, { commit: "feat: seen" }, { result: "Seen." }] });
  await world.waitForState(issue, "pr");
  for (const app of apps) expect(await app.stop()).toBe(0);
  await rm(join(world.dir, ".git"), { recursive: true });
  expect(await world.github.file(REPO, `auto/gh-${issue}`, "seen.txt")).toContain("not a git repository");
});
