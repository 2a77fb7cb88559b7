import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { resolveConfig, type Config } from "@tac8/core/config/resolve";
import { jobIdOf } from "@tac8/core/domain/reference";
import type { IssueState } from "@tac8/core/domain/states";
import { createLogger } from "@tac8/core/log/logger";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { oneToken } from "@tac8/core/github/tokens";
import { startRedisServer } from "@tac8/sandbox/redis";
import { directOpener } from "../agentPlace/side.ts";
import { ownGit } from "../git/executor.ts";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import type { JanitorServices } from "./sweep.ts";

/** A data folder, a GitHub and a Redis for a janitor. */
export interface JanitorBench {
  /** Bench of issue 1; `another()` returns the next issue's. */
  readonly git: GitBench;
  readonly services: JanitorServices;
  /** JSON lines. */
  readonly logged: string[];
  /** Set the state of an issue in its record. */
  setState(number: number, state: IssueState, run?: string | null): Promise<void>;
  /** Advance the janitor's clock. */
  advance(ms: number): void;
  close(): Promise<void>;
}

export async function createJanitorBench(): Promise<JanitorBench> {
  const git = await createGitBench();
  const redisDir = await mkdtemp(join(tmpdir(), "tac8-janitor-"));
  const server = await startRedisServer({ dir: redisDir });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined);
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  queue.on("error", () => undefined);
  const store = createIssueStore(redis);
  const logged: string[] = [];
  const log = createLogger({ name: "test", secrets: [], destination: { write: (line) => void logged.push(line) } });
  let ahead = 0;
  await mkdir(join(git.home, "runs"), { recursive: true });
  const services: JanitorServices = {
    config: configFor(git),
    store,
    queue,
    redis,
    log,
    tokens: oneToken({ token: git.token }),
    now: () => Date.now() + ahead,
    name: "pi/0",
    openAgentSide: directOpener({ git: ownGit, bash: "bash" }),
    signal: new AbortController().signal,
    freeBytes: () => Promise.resolve(1e12),
  };
  return {
    git,
    services,
    logged,
    async setState(number, state, run = null) {
      const since = new Date().toISOString();
      await store.writeIf(jobIdOf({ owner: "octo", repo: "widgets", number }), {}, { state, since, "run.id": run });
    },
    advance: (ms) => void (ahead += ms),
    async close() {
      await queue.close();
      redis.disconnect();
      await server.stop();
      await git.close();
      await rm(redisDir, { recursive: true, force: true });
    },
  };
}

export function configFor(git: GitBench): Config {
  const text = `[github]\nrepo_owner = "octo"\nrepo_name = "widgets"\n`;
  const { config, problems } = resolveConfig({
    text,
    path: join(git.dir, "config.toml"),
    folder: { realPath: git.dir, oldNames: [] },
    env: {
      GITHUB_TOKEN: git.token,
      GITHUB_API_URL: git.github.url,
      TAC8_HOME: git.home,
      PATH: process.env["PATH"],
      HOME: join(git.dir, "agent-home"),
    },
    readSecretFile: () => "",
  });
  if (config === null) throw new Error(JSON.stringify(problems));
  return config;
}
