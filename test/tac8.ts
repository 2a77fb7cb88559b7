import { expect } from "vitest";
import { launch, type Launched } from "./launch.ts";
import { programOf } from "./programs.ts";
import type { World } from "./world.ts";

/** Start the `tac8` command as the operator ann runs it, in a separate process. */
export function tac8(world: World, ...args: string[]): Launched {
  return launch(programOf("cli"), { args, env: environmentOf(world) });
}

/** The operator's environment. */
export function environmentOf(world: World): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: world.dir,
    USER: "ann",
    TAC8_CONFIG: world.configFile,
    TAC8_HOME: world.dataFolder,
    REDIS_URL: world.redisServer.url,
    GITHUB_TOKEN: world.token,
    GITHUB_API_URL: world.github.url,
  };
}

/** Return the output of the command; expect that it succeeds and prints nothing on stderr. */
export async function outputOf(world: World, ...args: string[]): Promise<string> {
  const command = tac8(world, ...args);
  expect({ code: await command.ended, err: command.stderr() }).toEqual({ code: 0, err: "" });
  return command.stdout();
}
