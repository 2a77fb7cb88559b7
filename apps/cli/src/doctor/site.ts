import { canUseProxy } from "@tac8/core/app/useProxy";
import { describeProblems, loadConfig } from "@tac8/core/config/load";
import { isProxySet, proxyFor, type Proxy } from "@tac8/core/config/proxy";
import type { Config, ConfigProblem } from "@tac8/core/config/resolve";
import { createGitHub, type GitHub } from "@tac8/core/github/client";
import { openTokens } from "@tac8/core/github/openTokens";
import { createLogger } from "@tac8/core/log/logger";
import { createRedactor } from "@tac8/core/log/redact";
import { dirname } from "node:path";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { findDemo } from "../demo/home.ts";
import { namesRedis } from "../installation/locate.ts";
import { redisUrlIn } from "../redis/record.ts";

/** What may be done beside looking. */
export interface DoctorOptions {
  /** Make labels and folders that are missing. */
  readonly fix: boolean;
  /** Ask the agent for one word. */
  readonly agent: boolean;
  /** Send a message to every place that is told. */
  readonly notify: boolean;
}

/** What the checks read. */
export interface Site extends DoctorOptions {
  /** `none`: there is no configuration and no running demo, and all keys have their defaults. */
  readonly kind: "config" | "broken" | "demo" | "none";
  /** Absolute path of the configuration, or where it would be. */
  readonly path: string;
  /** Places that were searched for it. */
  readonly searched: readonly string[];
  /** About the place of the data folder; null: nothing. */
  readonly notice: string | null;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
  /** With kind `broken` and `none`: as much as is good, with defaults in place of the rest. */
  readonly config: Config;
  /** Whether REDIS_URL is set to what is no address. */
  readonly isRedisWrong: boolean;
  /** Whether a user said where Redis is. */
  readonly redisNamed: boolean;
  readonly redisUrl: string;
  /** `PATH` of our own, which `tac8 up` hands on. */
  readonly programs: string;
  readonly cwd: string;
  readonly env: Context["env"];
  /** The user's home folder, by HOME; null: it names none. */
  readonly userHome: string | null;
  /** How an operator calls `tac8`. */
  readonly command: string;
  /** `used`: the one that GitHub is reached through; `set`: the environment names one; `usable`: this Node can use it. */
  readonly proxy: { readonly used: Proxy | null; readonly set: boolean; readonly usable: boolean };
  readonly github: GitHub;
  /** The longest wait for one answer of GitHub's. */
  readonly answerMs: number;
  readonly redact: (text: string) => string;
  readonly now: () => number;
}

const ANSWER_MS = 8000;

/**
 * Finds what there is to read; a configuration that is wrong or missing is no reason to stop trying.
 * @throws Problem when there is no data folder
 */
export function openSite(context: Context, flag: string | undefined, options: DoctorOptions): Site {
  const { env, cwd } = context;
  const loaded = loadConfig({ flag, env, cwd });
  const demo = loaded.found || loaded.named ? null : findDemo(context);
  const { dataFolder, draft } = loaded;
  if (dataFolder === null || draft === null)
    throw new Problem(describeProblems(loaded.problems, loaded.path).split("\n"));
  const config = demo?.config ?? draft;
  const { now, waits = {} } = context;
  const { githubAnswer: answerMs = ANSWER_MS, betweenWrites = config.github.write_interval_ms } = waits;
  const inHome = redisUrlIn([config.home, dirname(loaded.path)]);
  const isRedisWrong = demo === null && loaded.problems.some(({ key }) => key === "REDIS_URL");
  const named = demo === null && !isRedisWrong ? namesRedis(env, draft) : false;
  // With the password that the environment has beside it.
  const redisUrl = named ? draft.redisUrl : inHome;
  // Where there is no configuration, what the environment has wrong is worth a line all the same.
  const problems = loaded.found ? loaded.problems : loaded.problems.filter(({ place }) => place !== "file");
  const asking = {
    apiUrl: config.github.api_url,
    log: createLogger({ name: "cli", level: "silent", secrets: config.secrets.values }),
    requestTimeoutMs: answerMs,
    ...(waits.githubRetry === undefined ? {} : { retryBaseMs: waits.githubRetry }),
    now,
  };
  const tokens = openTokens(config, asking);
  return {
    ...options,
    kind: demo !== null ? "demo" : loaded.config !== null ? "config" : loaded.found ? "broken" : "none",
    path: demo?.configPath ?? loaded.path,
    searched: loaded.searched,
    notice: demo === null ? dataFolder.notice : null,
    problems: demo === null ? problems : [],
    warnings: demo === null ? loaded.warnings : [],
    config,
    isRedisWrong,
    redisNamed: Boolean(redisUrl),
    redisUrl: redisUrl || config.redisUrl,
    programs: env["PATH"] ?? "",
    cwd,
    env,
    userHome: env["HOME"] || null,
    command: context.command,
    proxy: { used: proxyFor(config.github.api_url, env), set: isProxySet(env), usable: canUseProxy(env) },
    github: createGitHub({ ...asking, tokens, secrets: config.secrets.values, writeIntervalMs: betweenWrites }),
    answerMs,
    redact: createRedactor(config.secrets.values),
    now,
  };
}
