import { demoFolder, NO_DATA_FOLDER } from "@tac8/core/config/dataFolder";
import { loadConfig } from "@tac8/core/config/load";
import type { Config } from "@tac8/core/config/resolve";
import { join } from "node:path";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { redisUrlIn } from "../redis/record.ts";
import { DEMO_TOKEN } from "./files.ts";

/** Return the demo's data folder. @throws Problem */
export function demoDataFolder({ env, cwd }: Pick<Context, "env" | "cwd">): string {
  const dataFolder = demoFolder(env, cwd);
  if (dataFolder === null) throw new Problem(NO_DATA_FOLDER);
  return dataFolder;
}

export interface RunningDemo {
  readonly dataFolder: string;
  readonly config: Config;
  readonly configPath: string;
  readonly redisUrl: string;
}

/** Return the running demo of this user; null: none is running. @throws Problem */
export function findDemo(context: Pick<Context, "env" | "cwd">): RunningDemo | null {
  const { env, cwd } = context;
  const dataFolder = demoDataFolder(context);
  const redisUrl = redisUrlIn([dataFolder]);
  if (redisUrl === null) return null;
  const configPath = join(dataFolder, "config.toml");
  const demoEnv = { PATH: env["PATH"], HOME: env["HOME"], GITHUB_TOKEN: DEMO_TOKEN, TAC8_HOME: dataFolder };
  const { config } = loadConfig({ flag: configPath, env: demoEnv, cwd });
  return config === null ? null : { dataFolder, config, configPath, redisUrl };
}
