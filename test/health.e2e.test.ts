import { stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { announceScheduler } from "@tac8/core/state/presence";
import { launch, type Launched } from "./launch.ts";
import { programOf } from "./programs.ts";
import { boardLogin, createWorld, poll, urlOf, type World } from "./world.ts";

// Of two schedulers one stands by.
const READY = {
  scheduler: /scheduler ready|standing by until/,
  runner: /runner ready/,
  board: /board at http/,
} as const;
const APPS = ["scheduler", "runner", "board"] as const;

let world: World;
const started: Launched[] = [];
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
  await world.close();
});

function start(app: (typeof APPS)[number], more: Readonly<Record<string, string>>): Launched {
  const launched = launch(programOf(app), {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: world.ownerHome,
      TAC8_CONFIG: world.configFile,
      TAC8_HOME: world.dataFolder,
      REDIS_URL: world.redisServer.url,
      GITHUB_TOKEN: world.token,
      GITHUB_API_URL: world.github.url,
      TAC8_BOARD_PORT: "0",
      ...more,
    },
  });
  started.push(launched);
  return launched;
}

test.concurrent.each(APPS)(
  "%s keeps its heartbeat file fresh, and exits with code 0 on SIGTERM, or at the end of standard input if TAC8_STOP_ON_STDIN_EOF is set",
  async (app) => {
    const file = join(world.dir, `${app}.heartbeat`);
    const old = new Date(0);
    await writeFile(file, "");
    await utimes(file, old, old);
    const first = start(app, { TAC8_HEARTBEAT_FILE: file });
    const second = start(app, { TAC8_STOP_ON_STDIN_EOF: "1" });
    await Promise.all([first.waitForOutput(READY[app]), second.waitForOutput(READY[app])]);
    const touched = () =>
      poll(120_000, async () => ((await stat(file)).mtimeMs > 1000 ? null : "the heartbeat file is old"));
    await touched();
    first.child.stdin?.end(); // This process does not read its standard input.
    second.child.stdin?.end();
    expect(await second.ended).toBe(0);
    await utimes(file, old, old);
    await touched();
    expect(first.child.exitCode).toBeNull();
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    expect(first.stdout() + first.stderr()).not.toMatch(/"level":[56]0/);
  },
);

test("/healthz returns 200 while scheduler and runner are online, and 503 with the reason otherwise", async () => {
  await world.redis.flushall(); // Entries of the apps of other tests.
  const board = world.startApp("board");
  const url = await urlOf(board);
  const headers = await boardLogin(world);
  const health = async () => {
    const answer = await fetch(`${url}/healthz`, { headers });
    const body = (await answer.json()) as object;
    return {
      status: answer.status,
      missing: ["ok", "redis", "scheduler", "runners"].filter((key) => !isOk(body, key)),
    };
  };
  const becomes = (wanted: Awaited<ReturnType<typeof health>>) =>
    poll(120_000, async () => {
      const now = JSON.stringify(await health());
      return now === JSON.stringify(wanted) ? null : now;
    });

  await becomes({ status: 503, missing: ["ok", "scheduler", "runners"] });
  const scheduler = world.startApp("scheduler");
  await becomes({ status: 503, missing: ["ok", "runners"] });
  const runner = world.startApp("runner");
  await becomes({ status: 200, missing: [] });
  await runner.stop();
  await becomes({ status: 503, missing: ["ok", "runners"] });
  await scheduler.stop();
  // A scheduler is offline if its last poll is too old.
  const anHourAgo = Date.now() - 3_600_000;
  await announceScheduler(world.redis, { at: anHourAgo, lastPollAt: anHourAgo, error: null });
  await becomes({ status: 503, missing: ["ok", "scheduler", "runners"] });
});

function isOk(body: object, key: string): boolean {
  const value: unknown = Reflect.get(body, key);
  return typeof value === "object" && value !== null ? Reflect.get(value, "ok") === true : value === true;
}
