import { demoFolder } from "@tac8/core/config/dataFolder";
import { variable } from "@tac8/core/config/environment";
import { describeProblems, loadConfig, type LoadedConfig } from "@tac8/core/config/load";
import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import { sections } from "@tac8/core/config/schema";
import type { HostLimits } from "@tac8/core/domain/thresholds";
import { dirname } from "node:path";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { findDemo } from "../demo/home.ts";
import { redisRestart } from "../services/units.ts";
import { warn } from "../terminal/warn.ts";
import { redisUrlIn } from "../redis/record.ts";

/** What the commands that read a running tac8 need to know of it. */
export interface Place {
  readonly redisUrl: string;
  /** What to do when that Redis cannot be reached: half a line. */
  readonly advice: string;
  readonly repositories: readonly RepositoryConfig[];
  readonly pollSeconds: number;
  /** Days after which a question expires. */
  readonly blockedExpiresDays: number;
  /** The whole configuration, its secrets too; null: there is neither a file nor a demo. */
  readonly config: Config | null;
  /** Where the data folder may be, on this machine. */
  readonly homes: readonly string[];
  /** The configuration file that this is about; null: there is none. */
  readonly configPath: string | null;
  /** Whether it is the demo: the running one where there is no configuration, or its own file. */
  readonly isDemo: boolean;
  /** Places that were searched for the configuration. */
  readonly searched: readonly string[];
  /** The configuration's `[host]`. */
  readonly limits: HostLimits;
  /** Problems of the configuration that were passed over, one line each: see `locateDespiteMistakes`. */
  readonly mistakes: readonly string[];
}

const KEPT = "tac8 up restarts it: try again in a few seconds";

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
  return placeOf(context, { config, path: loaded.path, searched: loaded.searched, mistakes: [] });
}

/**
 * As `locate`, for the commands that keep agents from being paid: a mistake in the configuration must not be in their way.
 * Each mistake is a warning on stderr. What is wrong has its default, and the repositories may be unknown.
 * @throws Problem when the address of Redis cannot be read
 */
export function locateDespiteMistakes(context: Pick<Context, "env" | "cwd" | "err">, flag: string | undefined): Place {
  const { env, cwd, err } = context;
  const { config, draft, problems, path, searched, found } = loadConfig({ flag, env, cwd });
  const isAddressWrong = problems.some(({ key }) => key === "REDIS_URL");
  if (config !== null || draft === null || !found || isAddressWrong) return locate(context, flag);
  const mistakes = describeProblems(problems, path).split("\n");
  for (const line of mistakes) warn(err, line);
  return placeOf(context, { config: draft, path, searched, mistakes });
}

function placeOf(
  { env, cwd }: Pick<Context, "env" | "cwd">,
  given: Pick<Place, "searched" | "mistakes"> & { readonly config: Config; readonly path: string },
): Place {
  const { config, path, searched, mistakes } = given;
  // The demo's configuration is inside its data folder.
  const homes = [config.home, dirname(path)];
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

function locateDemo(context: Pick<Context, "env" | "cwd">, loaded: LoadedConfig): Place {
  const demo = findDemo(context);
  const { dataFolder, draft, searched } = loaded;
  const isRedisWrong = demo === null && loaded.problems.some(({ key }) => key === "REDIS_URL");
  if (dataFolder === null || draft === null || isRedisWrong)
    throw new Problem(describeProblems(loaded.problems, loaded.path).split("\n"));
  // A tac8 may be at work whose configuration was removed.
  const { path: other } = dataFolder;
  const config = demo?.config ?? null;
  return {
    ...(demo === null ? redisOf(context.env, draft, [other]) : { redisUrl: demo.redisUrl, advice: KEPT }),
    repositories: config?.repositories ?? [],
    ...timesOf(config?.coordinator ?? sections.coordinator.parse({})),
    config,
    homes: demo === null ? [other] : [demo.home, other],
    configPath: null,
    isDemo: demo !== null,
    searched,
    limits: config?.host ?? sections.host.parse({}),
    mistakes: [],
  };
}

function timesOf(coordinator: Config["coordinator"]): Pick<Place, "pollSeconds" | "blockedExpiresDays"> {
  return { pollSeconds: coordinator.poll_interval_seconds, blockedExpiresDays: coordinator.blocked_expires_days };
}

/** Return whether the environment, or `tac8 join`, names a Redis that is not this data folder's own. */
export function namesRedis(env: Context["env"], { joined }: Pick<Config, "joined">): boolean {
  return joined || variable(env, "REDIS_URL") !== null;
}

/** @param config its address is what the environment says, with its password; else the usual one */
function redisOf(
  env: Context["env"],
  config: Pick<Config, "redisUrl" | "joined">,
  homes: readonly string[],
): Pick<Place, "redisUrl" | "advice"> {
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
