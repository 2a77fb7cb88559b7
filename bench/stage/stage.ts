import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import type { Bench } from "../bench.ts";
import { startApp, type App } from "./app.ts";
import { renderConfig, type Sections } from "./config.ts";

export const OWNER = "octo";
export const REPO = "octo/widgets";
export const LABEL = "rpi-auto";

export type AppName = "scheduler" | "runner" | "board";
export const APPS: readonly AppName[] = ["scheduler", "runner", "board"];

/** Log line of each app when it is ready. */
const READY: Readonly<Record<AppName, string>> = {
  scheduler: "scheduler ready",
  runner: "runner ready",
  board: "board at ",
};

/** Redis, local GitHub and configuration for the apps of the measured checkout. */
export interface BenchStage extends AsyncDisposable {
  readonly dir: string;
  /** Data folder of the apps. */
  readonly dataFolder: string;
  /** Folder in which agents create a file when they start, with the name of their worktree. */
  readonly witness: string;
  readonly redis: Redis;
  readonly redisServer: RedisServer;
  readonly github: LocalGitHub;
  readonly token: string;
  /** Environment of the apps and the command. */
  readonly env: Readonly<Record<string, string>>;
  /** Start an app and wait until it is ready. The stage stops the app when it is disposed. */
  start(name: AppName, options?: StartOptions): Promise<App>;
}

interface StartOptions {
  /** Additional variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onSpawn?: (pid: number) => void;
}

export interface StageOptions {
  /** Configuration; a function if it names a folder of the stage, for example one that sandboxes can write to. */
  readonly config?: Sections | ((folders: Pick<BenchStage, "witness">) => Sections);
  /** Files of the repository `octo/widgets`. Default: one. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Open a stage. When it is disposed, everything on it ends in reverse order. */
export async function openStage(bench: Bench, options: StageOptions = {}): Promise<BenchStage> {
  const { leftovers, programs, signal } = bench;
  await using opened = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "tac8-bench-"));
  const forgetDir = leftovers.folder(dir);
  opened.defer(async () => {
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    forgetDir();
  });
  const home = join(dir, "home");
  const witness = join(dir, "witness");
  const agentHome = join(dir, "agent-home");
  for (const folder of [join(dir, "redis"), witness, agentHome]) await mkdir(folder);
  const redisServer = await startRedisServer({ dir: join(dir, "redis") });
  const forgetRedis = leftovers.process(redisServer.pid);
  opened.defer(async () => {
    await redisServer.stop();
    forgetRedis();
  });
  const redis = new Redis(redisServer.url, { maxRetriesPerRequest: null });
  redis.on("error", () => undefined);
  opened.defer(() => redis.disconnect());
  // A rewrite of the append-only file during a measurement would be measured too.
  await redis.config("SET", "auto-aof-rewrite-percentage", "0");
  const github = await startGitHub({ dir: join(dir, "github") });
  opened.defer(() => github.close());
  const token = github.addUser({ login: OWNER, token: `ghp_${"bench".padEnd(36, "0")}` });
  const files = options.files ?? { "README.md": "# widgets\n" };
  await github.createRepository({ owner: OWNER, name: "widgets", files });
  const configPath = join(dir, "config.toml");
  await writeFile(
    configPath,
    renderConfig(typeof options.config === "function" ? options.config({ witness }) : (options.config ?? {})),
  );
  const env = {
    PATH: bench.path,
    HOME: agentHome,
    TMPDIR: tmpdir(),
    TAC8_CONFIG: configPath,
    TAC8_HOME: home,
    REDIS_URL: redisServer.url,
    GITHUB_TOKEN: token,
    GITHUB_API_URL: github.url,
    TAC8_BOARD_PORT: "0",
    TAC8_BOARD_PASSWORD: BOARD_PASSWORD,
    TAC8_BENCH_WITNESS: witness,
  };
  const apps = opened.use(new AsyncDisposableStack());
  const all = opened.move();
  return {
    dir,
    dataFolder: home,
    witness,
    redis,
    redisServer,
    github,
    token,
    env,
    async start(name, { env: more = {}, ...given } = {}) {
      const args = programs.argsOf(name);
      const ready = READY[name];
      return apps.use(await startApp({ name, args, env: { ...env, ...more }, ready, leftovers, signal, ...given }));
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const BOARD_PASSWORD = "bench-of-tac8";
/** `Authorization` header that every board of a stage accepts. */
export const BOARD_LOGIN = `Basic ${Buffer.from(`:${BOARD_PASSWORD}`).toString("base64")}`;

/** Return the address of a board from its log line. */
export function boardUrl(board: App): string {
  const url = /board at (http:\/\/[^\s"]+)/.exec(board.readyLine)?.[1];
  if (url === undefined) throw new Error(`the board did not say its address: ${board.readyLine}`);
  return url;
}

/** Return small files, fifty in each folder. */
export function manyFiles(count: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, index) => `src/part-${Math.floor(index / 50)}/file-${index}.txt`);
  return Object.fromEntries(names.map((name) => [name, `${name}\n`.repeat(20)]));
}
