import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { jobIdOf } from "@tac8/core/domain/reference";
import { jobOptions } from "@tac8/core/queue/contract";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { connectRedis } from "@tac8/core/queue/redis";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { startProxy } from "@tac8/sandbox/proxy";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import type { Waits } from "../context/context.ts";
import { withQueue } from "../redis/queue.ts";
import { findMarked } from "./leftovers/processes.ts";
import { runChecks } from "./run.ts";
import type { DoctorInput } from "./doctorInput.ts";

const REPO = "octo/hello";
let lab: Lab;
let tools: Lab;
let server: RedisServer;
let github: LocalGitHub;
let token: string;
let made = 0;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  tools = openLab();
  mkdirSync(join(tools.dir, "redis"));
  server = await startRedisServer({ dir: join(tools.dir, "redis"), socket: join(tools.dir, "redis", "redis.sock") });
  github = await startGitHub({ dir: join(tools.dir, "github") });
  token = github.addUser({ login: "octo", token: "token-of-octo" });
  await github.createRepository({ owner: "octo", name: "hello" });
});
afterAll(async () => {
  await github.close();
  await server.stop();
  await tools.close();
});
beforeEach(() => {
  lab = openLab();
  mkdirSync(lab.dataFolder, { recursive: true });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await lab.close();
});

function configure(more = ""): void {
  const [owner, name] = REPO.split("/");
  const text = `[github]\nrepo_owner = "${owner}"\nrepo_name = "${name}"\nwrite_interval_ms = 0\napi_url = "${github.url}"\n`;
  writeFileSync(join(lab.dir, "config.toml"), `${text}[host]\nmin_free_memory_mb = 0\nmin_free_disk_gb = 0\n${more}`);
}

async function doctor(args: string[] = [], env: Record<string, string> = {}, waits: Waits = {}) {
  const cli = lab.start(["doctor", ...args], { REDIS_URL: server.url, GITHUB_TOKEN: token, ...env }, waits);
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

interface Found {
  readonly ok: boolean;
  readonly checks: readonly { check: string; status: string; text: string; advice: string | null }[];
}

async function found(
  args: string[] = [],
  env: Record<string, string> = {},
  waits: Waits = {},
): Promise<Found & { code: number | null }> {
  const { code, out, err } = await doctor(["--json", ...args], env, waits);
  expect(err).toBe("");
  return { code, ...(JSON.parse(out) as Found) };
}

const of = ({ checks }: Found, name: string) => checks.filter(({ check }) => check === name);

/** Create an agent that prints its version and answers a prompt. */
function agentThat(answer: string): string {
  const path = join(lab.dir, "claude");
  writeFileSync(path, `#!/bin/sh\nif [ "$1" = --version ]; then echo 9.9.9; exit 0; fi\n${answer}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("a machine without problems, after its labels were created", async () => {
  configure(`[llm]\ncommand = ["${agentThat("exit 1")}"]\n`);
  const before = await found();
  expect(of(before, "Labels")).toMatchObject([{ status: "problem", text: expect.stringContaining("rpi-auto") }]);
  expect([before.ok, before.code]).toEqual([false, 1]);

  const fixed = await found(["--fix"]);
  expect(of(fixed, "Labels")).toMatchObject([{ status: "ok", text: expect.stringContaining("created rpi-auto") }]);
  const process = lab.spawn(["doctor"], { REDIS_URL: server.url, GITHUB_TOKEN: token });
  const { code } = await process.ended;
  const out = process.stdout();
  const problems = out.split("\n").filter((line) => line.includes("✗"));
  expect([code, process.stderr(), problems]).toEqual([0, "", []]);
  expect(out).toContain(`✓ Permissions    ${REPO}: the token can write Contents, Issues, Pull requests`);
  expect(out).toContain("✓ Clock          agrees with GitHub's and Redis'");
  expect(out).toMatch(/\n\nNo problems found\.\n$/);
  expect(out).not.toContain("\u001b");
  expect(out).not.toContain(token);
  // The check has changed nothing there.
  expect(github.issues(REPO)).toEqual([]);
  expect(github.pulls(REPO)).toEqual([]);
  expect(Object.keys(github.branches(REPO))).toEqual(["main"]);
});

test("a Redis on TCP without a password is reported; one on a socket, or with a password, is not", async () => {
  configure();
  expect(of(await found(), "Redis")).toMatchObject([{ status: "ok", text: expect.stringMatching(/^\/.*: version/) }]);

  mkdirSync(join(lab.dir, "redis"));
  const onTcp = await startRedisServer({ dir: join(lab.dir, "redis") });
  cleanups.push(() => onTcp.stop());
  const named = { REDIS_URL: onTcp.url };
  const open = { status: "note", text: expect.stringContaining("has no password"), advice: expect.any(String) };
  expect(of(await found([], named), "Redis")).toMatchObject([{ status: "ok" }, open]);

  const redis = connectRedis(onTcp.url, { name: "test", onError: () => undefined });
  cleanups.push(() => redis.disconnect());
  await redis.config("SET", "requirepass", "long-password");
  const good = await found([], { ...named, REDIS_PASSWORD: "long-password" });
  expect(of(good, "Redis")).toMatchObject([{ status: "ok" }]);
  const wrong = await found([], { ...named, REDIS_PASSWORD: "other-password" });
  expect(of(wrong, "Redis")).toMatchObject([
    { status: "problem", text: expect.stringContaining("refuses the connection") },
  ]);
  expect(JSON.stringify([good, wrong])).not.toMatch(/long-password|other-password/);
});

test("a GitHub App: where it is installed, and that its tokens are renewed", async () => {
  configure();
  const { id, privateKey } = github.createApp({ owner: "octo", slug: `doctor-${made++}` });
  const env = { GITHUB_TOKEN: "", GITHUB_APP_ID: String(id), GITHUB_APP_PRIVATE_KEY: privateKey };
  const missing = await found([], env);
  expect(of(missing, "GitHub token").map(({ status, text }) => [status, text])).toEqual([
    ["ok", expect.stringContaining(`/apps/doctor-`)],
    ["problem", `the GitHub App ${id} is not installed on ${REPO}`],
  ]);
  github.installApp({ app: id, repos: [REPO] });
  const report = await found([], env);
  expect(of(report, "GitHub token").map(({ status, text }) => [status, text])).toEqual([
    ["ok", expect.stringMatching(/it is renewed automatically, the current one expires in 60 minutes/)],
    ["ok", `${REPO}: accessible through the App's installation for octo`],
  ]);
  expect(of(report, "Permissions")).toMatchObject([{ status: "ok" }]);
  const stranger = github.createApp({ owner: "octo", slug: `stranger-${made++}` });
  const wrong = await found([], { ...env, GITHUB_APP_PRIVATE_KEY: stranger.privateKey });
  expect(of(wrong, "GitHub token")).toMatchObject([{ status: "problem", text: expect.stringContaining("rejects it") }]);
});

test("a question of the account that was used before the GitHub App is reported", async () => {
  configure();
  const app = github.createApp({ owner: "octo", slug: `after-${made++}` });
  github.installApp({ app: app.id, repos: [REPO] });
  const { number } = github.openIssue({ repo: REPO, title: "a question" });
  const question = github.comment({ repo: REPO, number, actor: "octo", body: "Which one?" });
  const ref = { owner: "octo", repo: "hello", number };
  const client = connectRedis(server.url, { name: "test", onError: () => undefined });
  await withQueue(client, async (queue) => {
    const data = { ...ref, repositoryId: 1, title: "a question", url: `${github.url}/octo/hello/issues/${number}` };
    const options = jobOptions({ jobId: jobIdOf(ref), priority: "P2", beforeNewWork: true, attempts: 3 });
    await queue.add("issue", data, { ...options, delay: 3_600_000 });
    const state = { state: "blocked", since: new Date().toISOString(), "question.commentId": question.id } as const;
    await createIssueStore(client).writeIf(jobIdOf(ref), {}, state);
  });
  cleanups.push(async () => {
    await client.flushall();
    client.disconnect();
  });
  expect(of(await found(), "Questions")).toMatchObject([{ status: "ok" }]);
  const env = { GITHUB_TOKEN: "", GITHUB_APP_ID: String(app.id), GITHUB_APP_PRIVATE_KEY: app.privateKey };
  expect(of(await found([], env), "Questions")).toMatchObject([
    { status: "note", text: expect.stringContaining(`octo/hello#${number}: its question was written by octo,`) },
  ]);
});

test("a Redis on a socket that requires a password gets REDIS_PASSWORD, and the advice names it", async () => {
  configure();
  const folder = join(lab.dir, "redis");
  mkdirSync(folder);
  const own = await startRedisServer({ dir: folder, socket: join(folder, "own.sock") });
  cleanups.push(() => own.stop());
  const redis = connectRedis(own.url, { name: "test", onError: () => undefined });
  cleanups.push(() => redis.disconnect());
  await redis.config("SET", "requirepass", "long +&password");
  const named = { REDIS_URL: own.url };
  const good = await found([], { ...named, REDIS_PASSWORD: "long +&password" });
  expect(of(good, "Redis")).toMatchObject([{ status: "ok" }]);
  expect(of(good, "Clock")).toMatchObject([{ status: "ok", text: expect.stringContaining("Redis") }]);
  for (const env of [named, { ...named, REDIS_PASSWORD: "other-password" }]) {
    const refused = { status: "problem", text: expect.stringContaining(`${folder}/own.sock refuses the connection`) };
    const advice = expect.stringContaining("check REDIS_PASSWORD, or the password in REDIS_URL");
    expect(of(await found([], env), "Redis")).toMatchObject([{ ...refused, advice }]);
  }
});

test.each([
  [{ contents: "read" }, "Contents"],
  [{ issues: "read" }, "Issues"],
  [{ pulls: "read" }, "Pull requests"],
  [{ contents: "read", pulls: "read" }, "Contents, Pull requests"],
] as const)("a token with %j lacks %s", async (areas, missing) => {
  configure();
  const poor = github.addToken({ login: "octo", areas });
  const report = await found([], { GITHUB_TOKEN: poor });
  expect(of(report, "GitHub token")).toMatchObject([{ status: "ok", text: "token of octo, from GITHUB_TOKEN" }]);
  expect(of(report, "Permissions")).toMatchObject([
    { status: "problem", text: `${REPO}: the token cannot write ${missing}` },
  ]);
  expect(report.code).toBe(1);
});

fieldTest("C2", "doctor reads the rules for the issues' branches, and proposes a name that they allow", async () => {
  const rules = { exclude: ["refs/heads/users/**"], rules: [{ type: "creation" }] };
  await github.addRuleset(REPO, rules);
  cleanups.push(() => github.clearRulesets(REPO));
  configure();
  expect(of(await found(), "Branches")).toMatchObject([
    {
      status: "problem",
      text: `${REPO}: a rule forbids creating branches such as auto/gh-471`,
      advice: expect.stringContaining('"users/gh-{number}"'),
    },
  ]);
  const path = join(lab.dir, "config.toml");
  writeFileSync(path, readFileSync(path, "utf8").replace("[github]", '[github]\nbranch = "users/gh-{number}"'));
  expect(of(await found(), "Branches")).toMatchObject([{ status: "ok" }]);
  await github.clearRulesets(REPO);
  await github.addRuleset(REPO, { ...rules, bypass: ["octo"] });
  configure();
  expect(of(await found(), "Branches")).toMatchObject([{ status: "ok", text: expect.stringContaining("exempt") }]);
});

fieldTest("C5", "doctor and its checks work with an app's token", async () => {
  configure();
  github.addUser({ login: "tac8[bot]" });
  github.setPermission(REPO, "tac8[bot]", "write");
  const app = github.addToken({ login: "tac8[bot]", app: true });
  const report = await found([], { GITHUB_TOKEN: app });
  expect(of(report, "GitHub token")).toMatchObject([{ status: "note", text: expect.stringContaining("tac8[bot]") }]);
  expect(of(report, "Permissions")).toMatchObject([{ status: "ok" }]);
  expect(of(report, "Branches")).toMatchObject([{ status: "ok" }]);
  const poor = github.addToken({ login: "tac8[bot]", app: true, areas: { contents: "read" } });
  expect(of(await found([], { GITHUB_TOKEN: poor }), "Permissions")).toMatchObject([
    { status: "problem", text: expect.stringContaining(REPO) },
  ]);
});

test("a wrong token, and an unreachable GitHub", async () => {
  configure();
  const wrong = await found([], { GITHUB_TOKEN: "wrong-token" });
  expect(of(wrong, "GitHub token")).toMatchObject([{ status: "problem", text: expect.stringContaining("rejects it") }]);
  const unreachable = await found([], { GITHUB_API_URL: "http://127.0.0.1:1" }, { githubRetry: 10 });
  expect(of(unreachable, "GitHub token")).toMatchObject([{ status: "unknown" }]);
  expect(of(unreachable, "Redis")).toMatchObject([{ status: "ok" }]);
});

fieldTest("B7", "a proxy: requests to GitHub use it, and doctor reports if it does not respond", async () => {
  configure();
  const { port } = new URL(github.url);
  const proxy = await startProxy({ hosts: { "github.test": Number(port) }, credentials: "ann:pass-of-ann" });
  cleanups.push(() => proxy.close());
  const behind = async (env: Record<string, string>) => {
    const api = { GITHUB_API_URL: `http://github.test:${port}`, REDIS_URL: server.url, GITHUB_TOKEN: token };
    const cli = lab.spawn(["doctor", "--json"], { ...api, ...env });
    await cli.ended;
    expect(cli.stdout()).not.toContain("pass-of-ann");
    return JSON.parse(cli.stdout()) as Found;
  };
  const { host } = new URL(proxy.url);
  const good = await behind({ HTTP_PROXY: `http://ann:pass-of-ann@${host}` });
  expect(of(good, "Proxy")).toMatchObject([
    { status: "ok", text: `connection to GitHub through the proxy http://${host} (HTTP_PROXY)` },
  ]);
  expect(of(good, "GitHub token")).toMatchObject([{ status: "ok", text: "token of octo, from GITHUB_TOKEN" }]);
  expect(of(good, "Clock")).toMatchObject([{ status: "ok", text: expect.stringContaining("GitHub's") }]);
  expect(of(await behind({ all_proxy: `http://ann:other-word@${host}` }), "Proxy")).toMatchObject([
    { status: "problem", text: expect.stringContaining("refuses the credentials") },
  ]);
  const closed = await startProxy({ hosts: {} });
  await closed.close();
  expect(of(await behind({ HTTP_PROXY: closed.url }), "Proxy")).toMatchObject([
    { status: "problem", text: expect.stringMatching(/does not respond: ECONNREFUSED/) },
  ]);
  const direct = await found([], { HTTP_PROXY: closed.url });
  expect(of(direct, "Proxy")).toMatchObject([{ status: "ok", text: expect.stringContaining("direct connection") }]);
  expect(of(direct, "GitHub token")).toMatchObject([{ status: "ok" }]);
});

test("without a configuration, it reports that first, and checks the machine", async () => {
  const report = await found([], { GITHUB_TOKEN: "", GITHUB_API_URL: github.url });
  expect(report.checks[0]).toMatchObject({ check: "Configuration", status: "problem" });
  expect(of(report, "git")).toMatchObject([{ status: "ok" }]);
  expect(of(report, "Redis")).toMatchObject([{ status: "ok" }]);
  expect(of(report, "Permissions")).toMatchObject([{ status: "note" }]);
});

test("an invalid configuration is reported key by key, and the rest is still checked", async () => {
  writeFileSync(join(lab.dir, "config.toml"), "[coordinator]\nmax_attempts = 0\n[nothing]\n");
  const report = await found([], { GITHUB_API_URL: github.url });
  expect(of(report, "Configuration").length).toBeGreaterThanOrEqual(3);
  expect(of(report, "Redis")).toMatchObject([{ status: "ok" }]);
});

test("a table of an earlier version that no longer has an effect is reported in one line", async () => {
  configure("[health]\nlag_warning_ms = 500\n");
  const removed = {
    status: "note",
    text: expect.stringMatching(/^\[health\] .* no longer has an effect.* lag_warning_ms = 500 \(now 1000\)$/),
  };
  expect(of(await found(), "Configuration")).toMatchObject([{ status: "ok" }, removed]);
});

test("a Redis with the wrong settings", async () => {
  configure();
  const redis = connectRedis(server.url, { name: "test", onError: () => undefined });
  cleanups.push(() => redis.disconnect());
  await redis.config("SET", "maxmemory-policy", "allkeys-lru");
  cleanups.push(() => redis.config("SET", "maxmemory-policy", "noeviction"));
  expect(of(await found(), "Redis")).toMatchObject([
    { status: "problem", text: expect.stringContaining("allkeys-lru") },
  ]);
});

test("the agent gets a one-word prompt only with --agent", async () => {
  const asked = join(lab.dir, "asked");
  const reply =
    '{"type":"result","is_error":true,"result":"Invalid API key · Please run /login","api_error_status":401}';
  configure(`[llm]\ncommand = ["${agentThat(`cat > ${asked}; echo '${reply}'; exit 1`)}"]\n`);
  const home = { status: "note", advice: expect.stringContaining("claude setup-token") };
  expect(of(await found(), "Agent")).toMatchObject([{ status: "ok" }, { status: "note" }, home]);
  expect(existsSync(asked)).toBe(false);
  expect(of(await found(["--agent"]), "Agent")).toMatchObject([
    { status: "ok", text: expect.stringContaining("9.9.9") },
    { status: "problem", advice: expect.stringContaining("ANTHROPIC_API_KEY") },
    home,
  ]);
  expect(existsSync(asked)).toBe(true);
});

test("notification targets get a test message only with --notify", async () => {
  configure();
  const bodies: string[] = [];
  const place = createServer((request, response) => {
    request.setEncoding("utf8").on("data", (text: string) => bodies.push(text));
    request.on("end", () => response.writeHead(request.url === "/missing" ? 404 : 200).end());
  }).listen(0, "127.0.0.1");
  await once(place, "listening");
  cleanups.push(
    () => place.close(),
    () => place.closeAllConnections(),
  );
  const address = place.address();
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const env = { TAC8_SLACK_URL: `${origin}/missing`, TAC8_WEBHOOK_URL: `${origin}/hook` };
  expect(of(await found([], env), "Notifications")).toMatchObject([{ status: "note", text: "slack, webhook" }]);
  expect(bodies).toEqual([]);
  expect(of(await found(["--notify"], env), "Notifications")).toMatchObject([
    { status: "problem", text: "slack: it responded with 404" },
    { status: "ok" },
  ]);
  expect(bodies.join("")).toContain("tac8 test message");
});

test("leftovers: a dead run, and a process with the marker of a run of this data folder", async () => {
  configure();
  const runs = join(lab.dataFolder, "runs");
  const trees = join(lab.dataFolder, "workspaces", "octo", "hello", "trees");
  mkdirSync(runs);
  mkdirSync(join(trees, "gh-1.kept-x"), { recursive: true });
  const note = { jobId: "octo.hello.1", run: "dead", token: "t" };
  writeFileSync(join(runs, "slot-0.json"), JSON.stringify(note));
  writeFileSync(join(runs, "slot-1.json"), JSON.stringify({ ...note, run: "held" }));
  const holder = spawn("flock", ["-n", join(runs, "slot-1.lock"), "sh", "-c", "echo held; exec cat"]);
  cleanups.push(() => holder.stdin.end());
  await once(holder.stdout, "data");
  const env = { PATH: process.env["PATH"] ?? "", [RUN_MARKER]: "orphan" };
  // Without a second exec, during which the kernel shows no environment.
  const orphan = spawn("sh", ["-c", "echo up; read end"], { cwd: trees, env });
  cleanups.push(() => orphan.stdin.end());
  await once(orphan.stdout, "data");
  const mine = findMarked(lab.dataFolder).map(({ pid, run }) => [pid, run]);
  expect(mine).toEqual([[orphan.pid, "orphan"]]);
  expect(findMarked(join(lab.dir, "other"))).toEqual([]);
  const report = of(await found(), "Leftovers");
  expect(report).toMatchObject([
    { status: "problem", text: expect.stringContaining("slot 0: a run of octo/hello#1") },
    { status: "note", text: expect.stringContaining("workspaces/octo/hello/trees/gh-1.kept-x") },
  ]);
});

test("on a machine that is too busy to test a sandbox, the result is unknown", async () => {
  configure('[agent]\nisolation = "sandbox"\n');
  const bin = join(lab.dir, "killed");
  mkdirSync(bin);
  writeFileSync(join(bin, "bwrap"), "#!/bin/sh\nkill -KILL $$\n", { mode: 0o755 });
  const report = await found([], { PATH: `${bin}:${process.env["PATH"]}` });
  expect(of(report, "Isolation")).toEqual([
    expect.objectContaining({
      status: "unknown",
      text: "could not be checked: could not test bwrap (it was killed): this machine is overloaded",
    }),
  ]);
});

test.each(["none", "sandbox"] as const)(
  "doctor tests what an agent can reach, with isolation %s",
  async (isolation) => {
    configure(`[agent]\nisolation = "${isolation}"\n`);
    const file = join(lab.dir, "canary-token");
    writeFileSync(file, token, { mode: 0o600 });
    const onTcp = join(lab.dir, "redis");
    mkdirSync(onTcp);
    const tcp = await startRedisServer({ dir: onTcp });
    cleanups.push(() => tcp.stop());
    for (const url of [server.url, tcp.url]) {
      const env = { GITHUB_TOKEN: "", GITHUB_TOKEN_FILE: file, ANTHROPIC_API_KEY: "sk-x", REDIS_URL: url };
      const report = await found([], env);
      expect(of(report, "GitHub token")).toMatchObject([{ status: "ok" }]);
      const [chosen, ...tried] = of(report, "Isolation");
      expect(chosen).toMatchObject({
        status: "ok",
        text: expect.stringContaining(isolation === "none" ? "not" : "bubblewrap"),
      });
      expect(tried).toHaveLength(5);
      for (const [index, what] of ["token or key", "environment", "data folder", "Redis", "network"].entries()) {
        expect(tried[index]).toMatchObject({
          status: isolation === "none" ? "note" : "ok",
          text: expect.stringMatching(new RegExp(`^agents ${isolation === "none" ? "can" : "cannot"} \\w+ .*${what}`)),
        });
      }
      const printed = (await doctor([], env)).out.split("\n").filter((line) => line.includes("agents can"));
      expect(printed.map((line) => line[0])).toEqual(Array.from(tried, () => (isolation === "none" ? "·" : "✓")));
    }
  },
);

test("doctor tests what agents can reach through the entries that the operator adds to their sandbox", async () => {
  configure(`[agent]\nisolation = "sandbox"\nread = [${JSON.stringify(join(tools.dir, "redis"))}]\n`);
  const report = await found([], { ANTHROPIC_API_KEY: "sk-x", REDIS_URL: server.url });
  expect(of(report, "Isolation")).toContainEqual(
    expect.objectContaining({ status: "problem", text: expect.stringContaining("agents can connect to Redis") }),
  );
});

test("a sandbox that does not work is a problem, with one command to run", async () => {
  configure('[agent]\nisolation = "auto"\n');
  const bin = join(lab.dir, "bin");
  mkdirSync(bin);
  const report = await found([], { PATH: bin, ANTHROPIC_API_KEY: "sk-x" });
  expect(of(report, "Isolation")).toMatchObject([
    { status: "problem", advice: expect.stringMatching(/^sudo apt-get install bubblewrap; or /) },
  ]);
  expect(report.code).toBe(1);
});

test("no check hangs, and none stops the others", async () => {
  const input = { redact: (text: string) => text } as DoctorInput;
  const aborted = Promise.withResolvers<null>();
  const reports = await runChecks(
    [
      { name: "throws", limitMs: 5000, inspect: () => Promise.reject(new Error("broken\nat line 1")) },
      {
        name: "hangs",
        limitMs: 50,
        inspect(_, signal) {
          signal.addEventListener("abort", () => aborted.resolve(null));
          return new Promise(() => undefined);
        },
      },
      { name: "works", limitMs: 5000, inspect: async () => [{ status: "ok", text: "fine", advice: null }] },
    ],
    input,
  );
  await aborted.promise;
  expect(reports.map(({ findings }) => findings[0])).toMatchObject([
    { status: "unknown", text: "could not be checked: broken" },
    { status: "unknown", text: "no result within 0.05 s" },
    { status: "ok" },
  ]);
});

test("a GitHub that accepts requests and never responds delays no other check", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  cleanups.push(
    () => silent.close(),
    () => silent.closeAllConnections(),
  );
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : 0;
  configure();
  const report = await found(
    [],
    { GITHUB_API_URL: `http://127.0.0.1:${port}` },
    { githubAnswer: 200, githubRetry: 10 },
  );
  expect(of(report, "GitHub token")).toMatchObject([{ status: "unknown" }]);
  expect(of(report, "Redis")).toMatchObject([{ status: "ok" }]);
});

fieldTest("E4", "one wrong variable does not affect other checks, and is reported with its source", async () => {
  configure(`[llm]\ncommand = ["${agentThat("exit 1")}"]\n`);
  const more = { TAC8_WEBHOOK_URL: "https://hooks.example/x" };
  const right = await found(["--fix"], more);
  const wrong = await found([], { ...more, REDIS_URL: "127.0.0.1:6379" });
  expect(of(wrong, "Configuration")).toEqual([
    {
      check: "Configuration",
      status: "problem",
      verdict: "problem",
      text: expect.stringMatching(/^environment variable REDIS_URL: found "127\.0\.0\.1:6379", .*write redis:\/\/127/),
      advice: expect.stringContaining("where you start tac8"),
    },
  ]);
  expect(of(wrong, "Redis")).toMatchObject([{ status: "note", text: expect.stringContaining("not checked") }]);
  for (const name of ["GitHub token", "Permissions", "Notifications"]) expect(of(wrong, name)).toEqual(of(right, name));
  expect(wrong.code).toBe(1);
});

fieldTest("E13", "a missing daily limit is reported, but is not a problem", async () => {
  configure(`[llm]\ncommand = ["${agentThat("exit 1")}"]\n`);
  const none = await found(["--fix"], { ANTHROPIC_API_KEY: "sk-x" });
  expect(of(none, "Budget")).toMatchObject([
    {
      status: "note",
      text: expect.stringContaining("ANTHROPIC_API_KEY"),
      advice: expect.stringContaining("max_usd_per_day"),
    },
  ]);
  expect(none.code).toBe(0);
  configure(`[llm]\ncommand = ["${agentThat("exit 1")}"]\nmax_usd_per_day = 20\nmax_runs_per_day = 1\n`);
  expect(of(await found(), "Budget")).toMatchObject([
    { status: "ok", text: "at most $20 and 1 agent run a day, for all runners together" },
  ]);
});
