import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { createIssueStore, type IssueStore } from "@tac8/core/state/issueStore";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { OTHER_CONTRIBUTOR, LABEL, OWNER, REPO } from "../names.ts";
import { SCRIPTED } from "../world.ts";
import { App } from "./app.ts";

/** Services of a soak. The local GitHub is in the process of the soak, so its log is a witness. */
export interface SoakServices {
  readonly dir: string;
  readonly home: string;
  readonly witness: string;
  readonly github: LocalGitHub;
  /** tac8's own. */
  readonly token: string;
  readonly redis: Redis;
  readonly store: IssueStore;
  readonly queue: Queue;
  readonly scheduler: App;
  readonly runners: readonly App[];
  readonly redisPid: () => number;
  /** End Redis by this signal, and start it again on the same port and folder. */
  restartRedis(signal: "SIGTERM" | "SIGKILL", offlineMs: number): Promise<void>;
  openIssue(issue: { title: string; script: unknown; labels: readonly string[] }): number;
  /** End all processes, and keep the folder. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

export const LOCK_SECONDS = 10;

const config = (slots: number) => `[coordinator]
max_concurrent_workers = ${slots}
poll_interval_seconds = 1
backoff_factor = 0.005
lock_seconds = ${LOCK_SECONDS}
shutdown_grace_seconds = 5
stall_timeout_minutes = 0.2
worker_timeout_hours = 0.02
max_attempts = 3
breaker_failures = 0

[github]
repo_owner = "${OWNER}"
repo_name = "${REPO.split("/")[1]}"
write_interval_ms = 0

[llm]
command = [${JSON.stringify(SCRIPTED)}]

[agent]
env = ["TAC8_WITNESS"]
home = "private"
isolation = "none"

[host]
min_free_memory_mb = 0
min_free_disk_gb = 0
max_load_per_core = 0
max_temperature_c = 0
`;

/** Start a stage. `slots`: of each runner. `parent`: folder that gets the stage's folder. `env`: additional variables of the apps and of Redis. */
export async function createStage(given: {
  readonly runners: number;
  readonly path: string;
  readonly slots?: number;
  readonly parent?: string;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<SoakServices> {
  const { runners, path, slots = 2, parent = tmpdir(), env: further = {} } = given;
  const dir = await mkdtemp(join(parent, "tac8-soak-"));
  const home = join(dir, "home");
  const witness = join(dir, "witness.jsonl");
  for (const name of ["redis", "logs", "agent-home"]) await mkdir(join(dir, name));
  let server: RedisServer = await startRedisServer({ dir: join(dir, "redis"), env: further });
  const { url } = server;
  const github = await startGitHub({ dir: join(dir, "github") });
  const token = github.addUser({ login: OWNER });
  for (const login of ["stranger", OTHER_CONTRIBUTOR]) github.addUser({ login });
  await github.createRepository({ owner: OWNER, name: REPO.split("/")[1] ?? "", files: { "README.md": "# soak\n" } });
  github.setPermission(REPO, OTHER_CONTRIBUTOR, "write");
  await writeFile(join(dir, "config.toml"), config(slots));
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
  redis.on("error", () => undefined); // The soak ends Redis on purpose.
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  queue.on("error", () => undefined);
  const env = {
    PATH: path,
    HOME: join(dir, "agent-home"),
    TAC8_CONFIG: join(dir, "config.toml"),
    TAC8_HOME: home,
    REDIS_URL: url,
    GITHUB_TOKEN: token,
    GITHUB_API_URL: github.url,
    TAC8_WITNESS: witness,
    LOG_LEVEL: "debug",
    ...further,
  };
  const appOf = (name: string) => new App({ name, env: () => env, logFile: join(dir, "logs", `${name}.log`) });
  return {
    dir,
    home,
    witness,
    github,
    token,
    redis,
    queue,
    store: createIssueStore(redis),
    scheduler: appOf("scheduler"),
    runners: Array.from({ length: runners }, (_, index) => appOf(`runner-${index + 1}`)),
    redisPid: () => server.pid,
    async restartRedis(signal, offlineMs) {
      await server.stop(signal);
      await sleep(offlineMs);
      server = await startRedisServer({ dir: join(dir, "redis"), port: Number(new URL(url).port), env: further });
    },
    openIssue({ title, script, labels }) {
      const body = `Please.\n\n\`\`\`tac8-script\n${JSON.stringify(script)}\n\`\`\`\n`;
      return github.openIssue({ repo: REPO, title, body, labels: [LABEL, ...labels], author: OWNER }).number;
    },
    async close() {
      await queue.close();
      redis.disconnect();
      await server.stop();
      await github.close();
    },
    remove: () => rm(dir, { recursive: true, force: true, maxRetries: 3 }),
  };
}
