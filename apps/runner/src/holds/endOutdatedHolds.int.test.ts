import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { resolveConfig, type Config } from "@tac8/core/config/resolve";
import { createLogger } from "@tac8/core/log/logger";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { readHolds, setHold } from "@tac8/core/state/holds";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { credentialsOfHold } from "./credentialsOfHold.ts";
import { endOutdatedHolds } from "./endOutdatedHolds.ts";

let server: TestRedis;
let queue: Queue;
let home = "";
let logged: string[];
let close: (() => Promise<void>) | null = null;

beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.redis.flushall();
  queue = new Queue(QUEUE_NAME, { connection: server.redis });
  home = await mkdtemp(join(tmpdir(), "tac8-login-"));
  logged = [];
});
afterEach(async () => {
  await close?.();
  close = null;
  await queue.close();
  await rm(home, { recursive: true });
});

function configWith(env: Record<string, string>): Config {
  const given = { GITHUB_TOKEN: "one", TAC8_HOME: home, HOME: home, ...env };
  const text = '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n[agent]\nenv = ["OTHER_KEY"]\n';
  const folder = { realPath: home, oldNames: [] };
  const { config } = resolveConfig({ text, path: join(home, "c"), folder, env: given, readSecretFile: () => "" });
  if (config === null) throw new Error("the configuration is wrong");
  return config;
}

async function start(config: Config): Promise<void> {
  const log = createLogger({ name: "test", secrets: [], destination: { write: (line) => void logged.push(line) } });
  const errors = () => undefined;
  const given = { config, redis: server.redis, queue, name: "pi/0", log, errors, now: Date.now, everyMs: 20 };
  const watch = await endOutdatedHolds(given);
  close = () => watch.close();
}

/** Set a hold as a run does whose credentials were refused. */
async function held(name: string, config: Config): Promise<void> {
  const until = Date.now() + 900_000;
  const credentials = (await credentialsOfHold(name, config)) ?? "";
  await setHold(server.redis, { name, reason: "refused", by: "runner pi/0", since: Date.now(), until, credentials });
  await queue.pause();
  await queue.add("issue", {}, { jobId: `job-${name.replaceAll(":", "-")}`, delay: 900_000 });
  await createIssueStore(server.redis).writeIf(
    `job-${name.replaceAll(":", "-")}`,
    {},
    { state: "parked", "job.hold": name },
  );
}

const names = async () => (await readHolds(server.redis)).map(({ name }) => name);
const delayed = () => queue.getDelayedCount();

fieldTest("E1", "a runner that starts with another key ends the hold at once, and its jobs continue", async () => {
  const old = configWith({});
  await held("auth", old);
  await held("usage-limit", old);
  await start(configWith({ ANTHROPIC_API_KEY: "sk-good" }));
  expect(await names()).toEqual([]);
  expect([await delayed(), await queue.isPaused()]).toEqual([0, false]);
});

fieldTest("E1", "another GitHub token ends only the repository's hold", async () => {
  await held("repo:octo/hello", configWith({}));
  await held("auth", configWith({}));
  await start(configWith({ GITHUB_TOKEN: "two" }));
  expect(await names()).toEqual(["auth"]);
  expect([await delayed(), await queue.isPaused()]).toEqual([1, true]);
});

fieldTest("E1", "a new login of the agent is used without a restart", async () => {
  const config = configWith({});
  await held("auth", config);
  await start(config);
  expect(await names()).toEqual(["auth"]);
  await mkdir(join(home, ".claude"));
  await writeFile(join(home, ".claude", ".credentials.json"), '{"claudeAiOauth":{"accessToken":"new"}}');
  await expect.poll(names, { timeout: 60_000 }).toEqual([]);
  await expect.poll(delayed, { timeout: 60_000 }).toBe(0);
});

it("with the same credentials the hold stays, and the log says how to retry now", async () => {
  const config = configWith({ ANTHROPIC_API_KEY: "sk-bad", OTHER_KEY: "x" });
  await held("auth", config);
  await start(configWith({ ANTHROPIC_API_KEY: "sk-bad", OTHER_KEY: "x", LANG: "de_DE.UTF-8" }));
  expect(await names()).toEqual(["auth"]);
  expect(logged.join("")).toContain("run tac8 resume auth to retry now");
});

it("holds that do not depend on credentials, or of an older version, stay", async () => {
  const until = Date.now() + 900_000;
  for (const name of ["auth", "operator", "breaker"]) {
    await setHold(server.redis, { name, reason: "r", by: "b", since: 1, until });
  }
  await start(configWith({ ANTHROPIC_API_KEY: "sk-good" }));
  expect((await names()).toSorted()).toEqual(["auth", "breaker", "operator"]);
});

it("the fingerprint reveals nothing about the secret, and changes with the agent's variables", async () => {
  const secret = "sk-ant-api03-very-secret";
  const one = await credentialsOfHold("auth", configWith({ ANTHROPIC_API_KEY: secret }));
  expect(one).toMatch(/^[0-9a-f]{16}$/);
  expect(await credentialsOfHold("auth", configWith({ ANTHROPIC_API_KEY: secret, OTHER_KEY: "y" }))).not.toBe(one);
  expect(await credentialsOfHold("operator", configWith({}))).toBeNull();
});
