import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue, UnrecoverableError, Worker, type Job } from "bullmq";
import { Redis } from "ioredis";
import { resolveConfig, type Config } from "@tac8/core/config/resolve";
import { jobIdOf } from "@tac8/core/domain/reference";
import type { IssueState } from "@tac8/core/domain/states";
import { createGitHub } from "@tac8/core/github/client";
import { oneToken } from "@tac8/core/github/tokens";
import { createLogger } from "@tac8/core/log/logger";
import { backoffStrategy, QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import type { IssuePatch } from "@tac8/core/state/issueState";
import { createIssueStore, type IssueStore } from "@tac8/core/state/issueStore";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { createPoll, type PollServices } from "./poll.ts";

export const OWNER = "octo";
export const REPO = "octo/widgets";
export const LABEL = "rpi-auto";

/** A Redis, a local GitHub and the poll of a scheduler, which runs when the test calls `poll`. */
export interface Harness {
  readonly github: LocalGitHub;
  readonly redisServer: RedisServer;
  readonly redis: Redis;
  readonly queue: Queue<JobData, JobResult>;
  readonly store: IssueStore;
  readonly config: Config;
  readonly services: PollServices;
  readonly dir: string;
  /** JSON lines. */
  readonly logged: string[];
  poll(): Promise<void>;
  /** Move the clock of the poll forward. */
  advance(ms: number): void;
  /** Replace the poll by that of a restarted scheduler, with the services that the test changes. */
  restart(change?: Partial<PollServices>): void;
  openIssue(options?: { repo?: string; labels?: string[]; title?: string }): number;
  jobId(number: number): string;
  /** Return BullMQ's state of the job and tac8's state of the issue, such as `prioritized:queued`. */
  statusOf(number: number): Promise<string>;
  /** Receive the next job as a runner does. */
  take(): Promise<TakenJob>;
  close(): Promise<void>;
}

export interface TakenJob {
  readonly number: number;
  /** Write the end to the record, then to the queue. */
  end(state: IssueState, patch?: IssuePatch): Promise<void>;
  /** Let the job wait without a slot. */
  park(state: IssueState, patch?: IssuePatch): Promise<void>;
}

export async function createHarness(options: { repositories?: readonly string[] } = {}): Promise<Harness> {
  const dir = await mkdtemp(join(tmpdir(), "tac8-scheduler-"));
  await mkdir(join(dir, "redis"));
  const redisServer = await startRedisServer({ dir: join(dir, "redis") });
  const github = await startGitHub({ dir: join(dir, "github") });
  const token = github.addUser({ login: OWNER });
  github.addUser({ login: "stranger" });
  const repositories = options.repositories ?? ["widgets"];
  for (const name of repositories) await github.createRepository({ owner: OWNER, name });
  const config = configFor({ dir, apiUrl: github.url, token, repositories });
  const redis = new Redis(redisServer.url, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined);
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis });
  queue.on("error", () => undefined);
  const worker = new Worker<JobData, JobResult>(QUEUE_NAME, null, {
    connection: redis,
    autorun: false,
    settings: { backoffStrategy },
  });
  worker.on("error", () => undefined);
  const store = createIssueStore(redis);
  const logged: string[] = [];
  const log = createLogger({ name: "test", secrets: [], destination: { write: (line) => void logged.push(line) } });
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const client = createGitHub({
    apiUrl: github.url,
    tokens: oneToken({ token }),
    log,
    writeIntervalMs: 0,
    retryBaseMs: 10,
    now,
  });
  const { signal } = new AbortController();
  const vitals = () => ({});
  const services: PollServices = {
    config,
    github: client,
    login: OWNER,
    queue,
    redis,
    store,
    log,
    now,
    signal,
    vitals,
  };
  let poll = createPoll(services);
  const jobId = (number: number) => jobIdOf({ owner: OWNER, repo: repositories[0] ?? "", number });

  return {
    github,
    redisServer,
    redis,
    queue,
    store,
    config,
    services,
    dir,
    logged,
    jobId,
    poll: () => poll(),
    advance: (ms) => void (ahead += ms),
    restart: (change = {}) => void (poll = createPoll({ ...services, ...change })),
    openIssue: ({ repo = REPO, labels = [LABEL], title = "Make it better" } = {}) =>
      github.openIssue({ repo, title, labels, author: OWNER }).number,
    async statusOf(number) {
      const [job, { state }] = [await queue.getJob(jobId(number)), await store.read(jobId(number))];
      return `${job === undefined ? "none" : await job.getState()}:${state ?? "none"}`;
    },
    async take() {
      const job = await worker.getNextJob("token");
      if (job === undefined) throw new Error("the queue has no job");
      return taken(job, store);
    },
    async close() {
      await worker.close();
      await queue.close();
      redis.disconnect();
      await redisServer.stop("SIGKILL");
      await github.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function taken(job: Job<JobData, JobResult>, store: IssueStore): Promise<TakenJob> {
  const id = job.id ?? "";
  const run = `run-of-${id}`;
  const before = await store.claim(id, {
    run,
    runner: "runner",
    lockKey: `${job.queueQualifiedName}:${id}:lock`,
    token: "token",
  });
  const labelEvent = before.label.event;
  await store.write(id, run, { state: "running", since: new Date().toISOString() });
  const leave = { "run.id": null, "run.runner": null, "label.event": labelEvent };
  return {
    number: job.data.number,
    async end(state, patch = {}) {
      await store.write(id, run, { ...leave, state, "end.outcome": state as "pr", ...patch });
      if (state === "failed") await job.moveToFailed(new UnrecoverableError("failed"), "token", false);
      else await job.moveToCompleted({ outcome: state, prUrl: null, reason: null }, "token", false);
    },
    async park(state, patch = {}) {
      await store.write(id, run, { ...leave, state, since: new Date().toISOString(), ...patch });
      await job.moveToDelayed(Date.now() + 3_600_000, "token");
    },
  };
}

export interface ConfigFor {
  readonly dir: string;
  readonly apiUrl: string;
  readonly token: string;
  readonly repositories: readonly string[];
}

export function configFor({ dir, apiUrl, token, repositories }: ConfigFor): Config {
  const [first = "widgets", ...more] = repositories;
  const text = [
    `[github]\nrepo_owner = "${OWNER}"\nrepo_name = "${first}"\nwrite_interval_ms = 0`,
    `[coordinator]\npoll_interval_seconds = 1`,
    ...more.map((name) => `[[repositories]]\nrepo_owner = "${OWNER}"\nrepo_name = "${name}"`),
  ].join("\n");
  const env = { GITHUB_TOKEN: token, GITHUB_API_URL: apiUrl, TAC8_HOME: join(dir, "home") };
  const folder = { realPath: dir, oldNames: [] };
  const path = join(dir, "config.toml");
  const { config, problems } = resolveConfig({ text, path, folder, env, readSecretFile: () => "" });
  if (config === null) throw new Error(JSON.stringify(problems));
  return config;
}

/** Return the token of a configuration, or `""` if it uses a GitHub App. */
export function tokenOf({ secrets }: Pick<Config, "secrets">): string {
  return secrets.github?.kind === "token" ? secrets.github.token : "";
}
