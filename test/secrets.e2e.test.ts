import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { findInProcess, findSecret, formsOf, watchProcesses, type Watch } from "./canary.ts";
import { launch } from "./launch.ts";
import { childrenOf, commandOf, nameOf } from "./processes.ts";
import { ROOT } from "./programs.ts";
import { createWorld, OWNER, poll, REPO, type App, type World } from "./world.ts";

const run = promisify(execFile);

let world: World | undefined;
let watch: Watch | undefined;
const children: ChildProcess[] = [];
afterEach(async () => {
  watch?.stop();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await world?.close();
  [world, watch] = [undefined, undefined];
});

/** Nothing in it looks like a token: only who knows it can take it out. Its URL-encoded form is another. */
const makeSecret = () => `canary+/=~${randomUUID()}`;

function openPlaces(here: World, apps: readonly App[]) {
  const { base: dir, redis, github } = here;
  const numbers = [...github.issues(REPO), ...github.pulls(REPO)].map(({ number }) => number);
  const onGitHub = JSON.stringify([github.issues(REPO), github.pulls(REPO), github.branches(REPO)]);
  const comments = JSON.stringify(numbers.map((number) => github.comments(REPO, number)));
  const logs = Object.fromEntries(apps.map((app) => [app.name, app.log()]));
  return { dir, redis, texts: { ...logs, GitHub: onGitHub, comments } };
}

test("the token is in no environment, argument, file, log, job, hash, stream, error or comment", async () => {
  const secret = makeSecret();
  world = await createWorld({ config: { coordinator: { max_attempts: 1 } } });
  const { github } = world;
  github.addToken({ login: OWNER, token: secret });
  watch = watchProcesses(secret);
  const env = { GITHUB_TOKEN: secret, LOG_LEVEL: "trace" };
  const apps = (["scheduler", "runner", "board"] as const).map((name) => (world as World).startApp(name, env));

  // Prints and commits everything it sees.
  const curious = world.openIssue({
    script: [
      { env: "environment.json" },
      { bash: "env; cat /proc/self/environ /proc/$PPID/environ /proc/*/cmdline 2>&1; git config --list --show-origin" },
      { bash: 'cat "$(git rev-parse --git-common-dir)/config"; git remote -v; git log --all --stat; ls -la ~ 2>&1' },
      { commit: "feat: every file" },
      { result: "Done." },
    ],
  });
  await world.waitForState(curious, "pr");

  // GitHub quotes the credentials in what it refuses.
  const basic = Buffer.from(`x-access-token:${secret}`).toString("base64");
  const other = Buffer.from(`user:${secret}`).toString("base64");
  const message = `No: ${secret} ${encodeURIComponent(secret)} ${other} Authorization: Basic ${basic}`;
  const work = [{ append: "log.txt", text: "worked\n" }, { commit: "feat: work" }, { result: "Worked." }];
  const refused = { status: 422, body: { message, errors: [{ message }] } } as const;
  github.fault({ method: "POST", path: `/repos/${REPO}/pulls`, times: 1, do: refused });
  const unprocessable = world.openIssue({ script: work });
  await world.waitForState(unprocessable, "failed");
  const texts = JSON.stringify(github.comments(REPO, unprocessable));
  expect(texts).toContain("[redacted]");

  const plain = { status: 403, headers: { "content-type": "text/plain" }, body: message } as const;
  github.fault({ method: "POST", path: `/${REPO}.git/git-receive-pack`, times: 1, do: plain });
  const unpushed = world.openIssue({ script: work });
  await world.waitForState(unpushed, "parked");

  // A token that GitHub does not know, quoted back.
  const wrong = { status: 401, body: { message } } as const;
  github.fault({ method: "GET", path: "/user", times: 3, do: wrong });
  const locked = world.startApp("runner", env);
  await poll(120_000, async () => (locked.child.exitCode === 78 ? null : `exit code ${locked.child.exitCode}`));
  expect(locked.log()).toContain("GitHub refuses the token");

  const pids = (await world.agentStarts()).map(({ pid }) => Number(pid));
  expect(pids.filter((pid) => watch?.agents.has(pid))).not.toEqual([]);
  expect([...watch.found]).toEqual([]);
  expect(await findSecret(openPlaces(world, [...apps, locked]), secret)).toEqual([]);
});

test("the search finds a token that is planted in each of these places", async () => {
  const secret = makeSecret();
  world = await createWorld();
  const { dataFolder, redis, github } = world;
  const [plain = "", url = "", ...base64] = formsOf(secret);
  const header = `Basic ${Buffer.from(`x-access-token:${secret}`).toString("base64")}`;

  watch = watchProcesses(secret);
  const idle = ["-e", "setInterval(() => {}, 1000)"];
  const marked = { ...process.env, TAC8_RUN: "control", GIT_CONFIG_VALUE_0: header };
  children.push(spawn(process.execPath, idle, { env: marked }), spawn(process.execPath, [...idle, url]));
  await poll(120_000, async () => (watch?.found.size === 2 ? null : `found ${[...(watch?.found ?? [])].join()}`));
  expect(new Set([...watch.found].map((place) => place.split(" ")[0]))).toEqual(new Set(["cmdline", "environ"]));

  const tree = join(dataFolder, "workspaces", "octo", "widgets", "trees", "gh-1");
  await mkdir(tree, { recursive: true });
  await run("git", ["init", "--quiet", tree]);
  await run("git", ["-C", tree, "config", "http.extraHeader", header]);
  const blob = run("git", ["-C", tree, "hash-object", "-w", "--stdin"]);
  blob.child.stdin?.end(`{"GITHUB_TOKEN":"${plain}"}`);
  await blob;
  await mkdir(join(dataFolder, "logs"), { recursive: true });
  for (const [index, form] of formsOf(secret).entries())
    await writeFile(join(dataFolder, "logs", `${index}`), `\0 ${form}.`);

  await redis.hset("bull:issues:octo.widgets.1", "data", JSON.stringify({ title: plain }));
  await redis.hset("bull:issues:octo.widgets.2", "stacktrace", JSON.stringify([`Error: https://x:${url}@github`]));
  await redis.rpush("bull:issues:octo.widgets.2:logs", header);
  await redis.hset("tac8:issue:octo.widgets.1", "reason", base64[0] ?? "");
  await redis.xadd("tac8:events", "*", "reason", url);
  await redis.xadd("tac8:run:1", "*", "event", JSON.stringify({ text: header }));
  await redis.set(`tac8:${plain}`, "1");
  await redis.sadd("tac8:set", plain);
  await redis.zadd("tac8:sorted", 1, plain);
  const number = world.openIssue({});
  github.comment({ repo: REPO, number, actor: OWNER, body: `Failed: ${header}` });

  const places = openPlaces(world, []);
  const found = await findSecret({ ...places, texts: { ...places.texts, runner: `{"err":"${header}"}` } }, secret);
  const files = formsOf(secret).map((_, index) => `file home/logs/${index}`);
  expect(found).toEqual(
    expect.arrayContaining([
      "text runner",
      "text comments",
      "file home/workspaces/octo/widgets/trees/gh-1/.git/config",
      "objects home/workspaces/octo/widgets/trees/gh-1/.git",
      ...files,
      "redis bull:issues:octo.widgets.1",
      "redis bull:issues:octo.widgets.2",
      "redis bull:issues:octo.widgets.2:logs",
      "redis tac8:issue:octo.widgets.1",
      "redis tac8:events",
      "redis tac8:run:1",
      `redis tac8:${plain}`,
      "redis tac8:set",
      "redis tac8:sorted",
    ]),
  );
});

/** A process and all below it. */
function family(pid: number): number[] {
  return [pid, ...childrenOf([pid]).flatMap((child) => family(child.pid))];
}

test("under tac8 up no process shows the token while an agent works, not even after a restart of the runner", async () => {
  const secret = makeSecret();
  world = await createWorld();
  world.github.addToken({ login: OWNER, token: secret });
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: world.ownerHome,
    TAC8_CONFIG: world.configFile,
    TAC8_HOME: join(world.dir, "up"),
    TAC8_BOARD_PORT: "0",
    GITHUB_API_URL: world.github.url,
    GITHUB_TOKEN: secret,
    GH_TOKEN: secret,
  };
  // The run after the restart resumes the session: an agent without a script for that would end at once.
  const hangs = [{ hang: true }];
  world.openIssue({ script: { first: hangs, again: hangs } });
  const up = launch(join(ROOT, "bin/tac8.mjs"), { args: ["up"], env });
  children.push(up.child);
  const pid = up.child.pid ?? 0;
  /** As soon as the agent works. */
  const check = async () => {
    let pids: number[] = [];
    await poll(120_000, async () => {
      pids = family(pid);
      return pids.some((each) => commandOf(each).includes("scripted-claude")) ? null : "no agent works";
    });
    return { pids, names: pids.map((each) => nameOf(each)), found: findInProcess(pids, secret) };
  };
  for (const words of [/Board: +http/, /runner ready/, /scheduler ready/]) await up.waitForOutput(words);
  const first = await check();
  expect(first.names).toEqual(
    expect.arrayContaining(["tac8 up", "tac8 scheduler", "tac8 runner", "tac8 board", "redis-server"]),
  );
  expect(first.names.some((name) => name.startsWith("tac8 guard"))).toBe(true);
  expect(first.found).toEqual([]);

  const runner = first.pids.find((each) => nameOf(each) === "tac8 runner") ?? pid;
  process.kill(runner, "SIGKILL");
  await up.waitForOutput(/runner {5}! was killed by SIGKILL[^]*runner ready/);
  const second = await check();
  expect(second.pids).not.toContain(runner);
  expect(second.found).toEqual([]);

  // The same search finds it where it is.
  const control = spawn(process.execPath, ["-e", "console.log(1); process.stdin.resume()", secret], { env });
  children.push(control);
  await once(control.stdout, "data");
  expect(findInProcess([control.pid ?? 0], secret)).toEqual([
    `${nameOf(control.pid ?? 0)} environ`,
    `${nameOf(control.pid ?? 0)} cmdline`,
  ]);

  up.child.kill("SIGINT");
  expect(await up.ended).toBe(0);
});
