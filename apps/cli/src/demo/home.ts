import { demoFolder, NO_DATA_FOLDER } from "@tac8/core/config/dataFolder";
import { loadConfig } from "@tac8/core/config/load";
import type { Config } from "@tac8/core/config/resolve";
import { join } from "node:path";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { redisUrlIn } from "../redis/record.ts";
import { DEMO_TOKEN } from "./files.ts";

/** Return the demo's data folder. @throws Problem */
export function demoHome({ env, cwd }: Pick<Context, "env" | "cwd">): string {
  const home = demoFolder(env, cwd);
  if (home === null) throw new Problem(NO_DATA_FOLDER);
  return home;
}

export interface RunningDemo {
  readonly home: string;
  readonly config: Config;
  readonly configPath: string;
  readonly redisUrl: string;
}

/** Return the running demo of this user; null: none is running. @throws Problem */
export function findDemo(context: Pick<Context, "env" | "cwd">): RunningDemo | null {
  const { env, cwd } = context;
  const home = demoHome(context);
  const redisUrl = redisUrlIn([home]);
  if (redisUrl === null) return null;
  const configPath = join(home, "config.toml");
  const demoEnv = { PATH: env["PATH"], HOME: env["HOME"], GITHUB_TOKEN: DEMO_TOKEN, TAC8_HOME: home };
  const { config } = loadConfig({ flag: configPath, env: demoEnv, cwd });
  return config === null ? null : { home, config, configPath, redisUrl };
}
