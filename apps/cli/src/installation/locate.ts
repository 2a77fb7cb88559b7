import { demoFolder } from "@tac8/core/config/dataFolder";
import { variable } from "@tac8/core/config/environment";
import { describeProblems, loadConfig, type LoadedConfig } from "@tac8/core/config/load";
import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import { sections } from "@tac8/core/config/schema";
import type { HostLimits } from "@tac8/core/domain/thresholds";
import { dirname } from "node:path";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { findDemo } from "../demo/findDemo.ts";
import { redisRestart } from "../services/units.ts";
import { warn } from "../terminal/warn.ts";
import { redisUrlIn } from "../redis/record.ts";

/** The tac8 that a command is about. */
export interface Installation {
  readonly redisUrl: string;
  /** What to do if Redis is unreachable, as the end of a line. */
  readonly advice: string;
  readonly repositories: readonly RepositoryConfig[];
  readonly pollSeconds: number;
  /** Days after which a question expires. */
  readonly blockedExpiresDays: number;
  /** The whole configuration, including secrets; null: there is neither a file nor a demo. */
  readonly config: Config | null;
  /** Paths at which the data folder may be on this machine. */
  readonly homes: readonly string[];
  /** The configuration file; null: there is none. */
  readonly configPath: string | null;
  /** Whether it is the demo: the running one if there is no configuration, or the one of its own file. */
  readonly isDemo: boolean;
  /** Paths at which the configuration was searched for. */
  readonly searched: readonly string[];
  /** The configuration's `[host]`. */
  readonly limits: HostLimits;
  /** Problems of the configuration that were ignored, one line each: see `locateDespiteMistakes`. */
  readonly mistakes: readonly string[];
}

const KEPT = "tac8 up restarts it: try again in a few seconds";

/**
 * Find the tac8 that a command is about: that of the configuration or, without one, the running demo. Its Redis is that of
 * REDIS_URL, else the one that `up` started in the data folder, else the default port of Redis on this machine.
 * @throws Problem if the configuration is invalid
 */
export function locate(context: Pick<Context, "env" | "cwd">, flag: string | undefined): Installation {
  const { env, cwd } = context;
  const loaded = loadConfig({ flag, env, cwd });
  if (!loaded.found && !loaded.named) return locateDemo(context, loaded);
  const { config } = loaded;
  if (config === null) throw new Problem(describeProblems(loaded.problems, loaded.path).split("\n"));
  return installationOf(context, { config, path: loaded.path, searched: loaded.searched, mistakes: [] });
}

/**
 * Like `locate`, for commands such as `stop` and `pause`, which must work despite mistakes in the configuration because agents
 * cost money. Each mistake is a warning on stderr. Invalid values have their defaults, and the repositories may be unknown.
 * @throws Problem if the address of Redis is invalid
 */
export function locateDespiteMistakes(
  context: Pick<Context, "env" | "cwd" | "err">,
  flag: string | undefined,
): Installation {
  const { env, cwd, err } = context;
  const { config, draft, problems, path, searched, found } = loadConfig({ flag, env, cwd });
  const isAddressWrong = problems.some(({ key }) => key === "REDIS_URL");
  if (config !== null || draft === null || !found || isAddressWrong) return locate(context, flag);
  const mistakes = describeProblems(problems, path).split("\n");
  for (const line of mistakes) warn(err, line);
  return installationOf(context, { config: draft, path, searched, mistakes });
}

function installationOf(
  { env, cwd }: Pick<Context, "env" | "cwd">,
  given: Pick<Installation, "searched" | "mistakes"> & { readonly config: Config; readonly path: string },
): Installation {
  const { config, path, searched, mistakes } = given;
  // The demo's configuration is inside its data folder.
  const homes = [config.dataFolder, dirname(path)];
  return {
    ...redisOf(env, config, homes),
    repositories: config.repositories,
    ...timesOf(config.coordinator),
    config,
    homes,
    configPath: path,
    isDemo: dirname(path) === demoFolder(env, cwd),
    searched,
    limits: config.host,
    mistakes,
  };
}

function locateDemo(context: Pick<Context, "env" | "cwd">, loaded: LoadedConfig): Installation {
  const demo = findDemo(context);
  const { dataFolder, draft, searched } = loaded;
  const isRedisWrong = demo === null && loaded.problems.some(({ key }) => key === "REDIS_URL");
  if (dataFolder === null || draft === null || isRedisWrong)
    throw new Problem(describeProblems(loaded.problems, loaded.path).split("\n"));
  // A tac8 whose configuration was removed may still be running.
  const { path: other } = dataFolder;
  const config = demo?.config ?? null;
  return {
    ...(demo === null ? redisOf(context.env, draft, [other]) : { redisUrl: demo.redisUrl, advice: KEPT }),
    repositories: config?.repositories ?? [],
    ...timesOf(config?.coordinator ?? sections.coordinator.parse({})),
    config,
    homes: demo === null ? [other] : [demo.dataFolder, other],
    configPath: null,
    isDemo: demo !== null,
    searched,
    limits: config?.host ?? sections.host.parse({}),
    mistakes: [],
  };
}

function timesOf(coordinator: Config["coordinator"]): Pick<Installation, "pollSeconds" | "blockedExpiresDays"> {
  return { pollSeconds: coordinator.poll_interval_seconds, blockedExpiresDays: coordinator.blocked_expires_days };
}

/** Return whether the environment, or `tac8 join`, names a Redis that is not this data folder's own. */
export function namesRedis(env: Context["env"], { joined }: Pick<Config, "joined">): boolean {
  return joined || variable(env, "REDIS_URL") !== null;
}

/** Return the address of Redis, and what to do if it is unreachable. @param config has the address from the environment, or the default one */
function redisOf(
  env: Context["env"],
  config: Pick<Config, "redisUrl" | "joined">,
  homes: readonly string[],
): Pick<Installation, "redisUrl" | "advice"> {
  const { redisUrl: configured, joined } = config;
  if (joined)
    return {
      redisUrl: configured,
      advice: "check that tac8 is running there; if its address has changed, run tac8 join again",
    };
  if (namesRedis(env, config))
    return { redisUrl: configured, advice: redisRestart(configured) ?? "start it with tac8 up, or set REDIS_URL" };
  const own = redisUrlIn(homes);
  if (own !== null) return { redisUrl: own, advice: KEPT };
  return { redisUrl: configured, advice: `tac8 up is not running on ${homes[0]}: start it, or set REDIS_URL` };
}
