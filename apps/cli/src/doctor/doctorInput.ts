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
import { findDemo } from "../demo/findDemo.ts";
import { namesRedis } from "../installation/locate.ts";
import { redisUrlIn } from "../redis/record.ts";

/** Actions beyond reading. */
export interface DoctorOptions {
  /** Create missing labels and folders. */
  readonly fix: boolean;
  /** Send the agent a one-word prompt. */
  readonly agent: boolean;
  /** Send a test message to every notification target. */
  readonly notify: boolean;
}

/** The input of the checks. */
export interface DoctorInput extends DoctorOptions {
  /** `none`: there is no configuration and no running demo, and all keys have their defaults. */
  readonly kind: "config" | "broken" | "demo" | "none";
  /** Absolute path of the configuration, whether it exists or not. */
  readonly configPath: string;
  /** Paths at which the configuration was searched for. */
  readonly searched: readonly string[];
  /** Notice about the path of the data folder; null: none. */
  readonly notice: string | null;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
  /** With kind `broken` and `none`: the valid values, and defaults for the others. */
  readonly config: Config;
  /** Whether REDIS_URL is invalid. */
  readonly isRedisWrong: boolean;
  /** Whether the address of Redis is given, by REDIS_URL or by a running `tac8 up`. */
  readonly redisNamed: boolean;
  readonly redisUrl: string;
  /** `PATH` of this process, which `tac8 up` passes to its processes. */
  readonly searchPath: string;
  readonly cwd: string;
  readonly env: Context["env"];
  /** The user's home folder (HOME); null: HOME is not set. */
  readonly userHome: string | null;
  /** The command by which an operator calls tac8. */
  readonly command: string;
  /** `used`: the proxy for GitHub; `set`: whether the environment names one; `usable`: whether this Node supports it. */
  readonly proxy: { readonly used: Proxy | null; readonly set: boolean; readonly usable: boolean };
  readonly github: GitHub;
  /** Maximum time for one response of GitHub. */
  readonly answerMs: number;
  readonly redact: (text: string) => string;
  readonly now: () => number;
}

const ANSWER_MS = 8000;

/**
 * Collect the input of the checks, also if the configuration is invalid or missing.
 * @throws Problem if there is no data folder
 */
export function openDoctorInput(context: Context, flag: string | undefined, options: DoctorOptions): DoctorInput {
  const { env, cwd } = context;
  const loaded = loadConfig({ flag, env, cwd });
  const demo = loaded.found || loaded.named ? null : findDemo(context);
  const { dataFolder, draft } = loaded;
  if (dataFolder === null || draft === null)
    throw new Problem(describeProblems(loaded.problems, loaded.path).split("\n"));
  const config = demo?.config ?? draft;
  const { now, waits = {} } = context;
  const { githubAnswer: answerMs = ANSWER_MS, betweenWrites = config.github.write_interval_ms } = waits;
  const inHome = redisUrlIn([config.dataFolder, dirname(loaded.path)]);
  const isRedisWrong = demo === null && loaded.problems.some(({ key }) => key === "REDIS_URL");
  const named = demo === null && !isRedisWrong ? namesRedis(env, draft) : false;
  // The configured address includes the password from the environment.
  const redisUrl = named ? draft.redisUrl : inHome;
  // Without a configuration file, problems of the environment are still reported.
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
    configPath: demo?.configPath ?? loaded.path,
    searched: loaded.searched,
    notice: demo === null ? dataFolder.notice : null,
    problems: demo === null ? problems : [],
    warnings: demo === null ? loaded.warnings : [],
    config,
    isRedisWrong,
    redisNamed: Boolean(redisUrl),
    redisUrl: redisUrl || config.redisUrl,
    searchPath: env["PATH"] ?? "",
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
