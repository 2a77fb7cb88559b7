import { loadConfig } from "@tac8/core/config/load";
import { resolveConfig, type Config, type ConfigProblem } from "@tac8/core/config/resolve";
import { createGitHub, type GitHub } from "@tac8/core/github/client";
import { createLogger } from "@tac8/core/log/logger";
import { createRedactor } from "@tac8/core/log/redact";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Context } from "../context.ts";
import { DEMO_TOKEN } from "../demo/files.ts";
import { demoHome, redisUrlIn } from "../redis/locate.ts";

/** What may be done beside looking. */
export interface DoctorOptions {
  /** Make labels and folders that are missing. */
  readonly fix: boolean;
  /** Ask the agent for one word. */
  readonly agent: boolean;
  /** Send a message to every place that is told. */
  readonly notify: boolean;
}

/** What the checks look at. */
export interface Site extends DoctorOptions {
  /** `none`: there is no configuration and no demo, and all keys have their defaults. */
  readonly kind: "config" | "broken" | "demo" | "none";
  /** Absolute path of the configuration, or where it would be. */
  readonly path: string;
  /** Places that were searched for it. */
  readonly searched: readonly string[];
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
  /** With kind `broken` and `none`: defaults, and no repositories. */
  readonly config: Config;
  /** Whether somebody said where Redis is. */
  readonly redisNamed: boolean;
  readonly redisUrl: string;
  /** `PATH` of our own, which `tac8 up` hands on. */
  readonly programs: string;
  readonly cwd: string;
  readonly github: GitHub;
  readonly redact: (text: string) => string;
  readonly now: () => number;
}

const ANSWER_MS = 8000;

/** Finds what there is to look at; a configuration that is wrong or missing is no reason to give up. */
export function openSite(context: Context, flag: string | undefined, options: DoctorOptions): Site {
  const { env, cwd } = context;
  const loaded = loadConfig({ flag, env, cwd });
  const demo = loaded.found || loaded.named ? null : demoSite(context, dirname(loaded.path));
  const config = demo?.config ?? loaded.config ?? defaults(context, loaded.path);
  const { now } = context;
  const inHome = redisUrlIn([config.home, dirname(loaded.path)]);
  const redisUrl = demo === null ? env["REDIS_URL"] || inHome : inHome;
  return {
    ...options,
    kind: demo !== null ? "demo" : loaded.config !== null ? "config" : loaded.found ? "broken" : "none",
    path: demo?.path ?? loaded.path,
    searched: loaded.searched,
    problems: demo === null && loaded.found ? loaded.problems : [],
    warnings: demo === null ? loaded.warnings : [],
    config,
    redisNamed: Boolean(redisUrl),
    redisUrl: redisUrl || config.redisUrl,
    programs: env["PATH"] ?? "",
    cwd,
    github: createGitHub({
      apiUrl: config.github.api_url,
      token: config.secrets.githubToken ?? "",
      log: createLogger({ name: "cli", level: "silent", secrets: config.secrets.values }),
      requestTimeoutMs: ANSWER_MS,
      writeIntervalMs: config.github.write_interval_ms,
      now,
    }),
    redact: createRedactor(config.secrets.values),
    now,
  };
}

function demoSite({ env, cwd }: Context, folder: string): { config: Config; path: string } | null {
  const home = demoHome(resolve(folder, env["TAC8_HOME"] || ".tac8"));
  const path = join(home, "config.toml");
  if (!existsSync(path)) return null;
  const demoEnv = { PATH: env["PATH"], HOME: env["HOME"], GITHUB_TOKEN: DEMO_TOKEN, TAC8_HOME: home };
  const { config } = loadConfig({ flag: path, env: demoEnv, cwd });
  return config === null ? null : { config, path };
}

/** All keys as they are by default, with what the environment says as far as it is good. */
function defaults({ env }: Context, path: string): Config {
  const good = { PATH: env["PATH"], HOME: env["HOME"], TAC8_HOME: env["TAC8_HOME"] };
  for (const use of [env, good]) {
    const text = '[github]\nrepo_owner = "none"\nrepo_name = "none"';
    const { config } = resolveConfig({ text, path, env: withoutFiles(use), readSecretFile: () => "" });
    if (config !== null) return { ...config, repositories: [] };
  }
  throw new Error("the configuration's defaults are not good: this is a defect");
}

function withoutFiles(env: Context["env"]): Context["env"] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.endsWith("_FILE")));
}
