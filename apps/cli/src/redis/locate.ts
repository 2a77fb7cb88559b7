import { variable } from "@tac8/core/config/environment";
import { describeProblems, loadConfig, type LoadedConfig } from "@tac8/core/config/load";
import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import { sections } from "@tac8/core/config/schema";
import type { HealthLimits } from "@tac8/core/health/limits";
import { dirname } from "node:path";
import { Problem, type Context } from "../context.ts";
import { findDemo } from "../demo/home.ts";
import { redisUrlIn } from "./record.ts";

/** What the commands that look at a running tac8 need to know of it. */
export interface Place {
  readonly redisUrl: string;
  readonly repositories: readonly RepositoryConfig[];
  readonly pollSeconds: number;
  /** The whole configuration, its secrets too; null: there is neither a file nor a demo. */
  readonly config: Config | null;
  /** Where the data folder may be, on this machine. */
  readonly homes: readonly string[];
  /** Places that were searched for the configuration. */
  readonly searched: readonly string[];
  readonly limits: HealthLimits;
}

const DEFAULT_URL = "redis://127.0.0.1:6379";
const DEFAULT_POLL_SECONDS = 30;

/**
 * Finds the tac8 that a command is about: of the configuration, or the running demo where there is none. Its Redis is that
 * of REDIS_URL, else the one that `up` started in the data folder, else Redis' usual port on this machine.
 * @throws Problem when the configuration is wrong
 */
export function locate(context: Pick<Context, "env" | "cwd">, flag: string | undefined): Place {
  const { env, cwd } = context;
  const loaded = loadConfig({ flag, env, cwd });
  if (!loaded.found && !loaded.named) return locateDemo(context, loaded);
  const { config } = loaded;
  if (config === null) throw new Problem(describeProblems(loaded.problems, loaded.path).split("\n"));
  // The demo's configuration stands inside its data folder.
  const homes = [config.home, dirname(loaded.path)];
  return {
    redisUrl: variable(env, "REDIS_URL") ?? (redisUrlIn(homes) || DEFAULT_URL),
    repositories: config.repositories,
    pollSeconds: config.coordinator.poll_interval_seconds,
    config,
    homes,
    searched: loaded.searched,
    limits: config.health,
  };
}

function locateDemo(context: Pick<Context, "env" | "cwd">, loaded: LoadedConfig): Place {
  const demo = findDemo(context);
  const { dataFolder, searched } = loaded;
  const isRedisWrong = demo === null && loaded.problems.some(({ key }) => key === "REDIS_URL");
  if (dataFolder === null || isRedisWrong)
    throw new Problem(describeProblems(loaded.problems, loaded.path).split("\n"));
  // A tac8 may be at work whose configuration was removed.
  const { path: other } = dataFolder;
  const config = demo?.config ?? null;
  return {
    redisUrl: demo?.redisUrl ?? variable(context.env, "REDIS_URL") ?? (redisUrlIn([other]) || DEFAULT_URL),
    repositories: config?.repositories ?? [],
    pollSeconds: config?.coordinator.poll_interval_seconds ?? DEFAULT_POLL_SECONDS,
    config,
    homes: demo === null ? [other] : [demo.home, other],
    searched,
    limits: config?.health ?? sections.health.parse({}),
  };
}
