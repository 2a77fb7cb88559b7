import type { Config } from "@tac8/core/config/resolve";
import { missingPrograms } from "@tac8/core/app/checkPrograms";
import { findProgram } from "@tac8/core/app/findProgram";
import { findIsolation } from "@tac8/core/isolation/find";
import { describePort, portProblemAfter } from "./port.ts";

/** Return the problems of this machine that prevent tac8 from working, one line each. */
export async function preflight(given: {
  readonly config: Config;
  readonly path: string;
  readonly embeddedRedis: boolean;
  /** Whether a board will listen. */
  readonly board: boolean;
  /** How long to wait for the port of a board that is stopping. */
  readonly portWaitMs: number;
}): Promise<string[]> {
  const { config, path, embeddedRedis, board, portWaitMs } = given;
  const lines = missingPrograms(config, path);
  if (embeddedRedis && findProgram("redis-server", { path, cwd: "/" }) === null) {
    lines.push(
      "redis-server was not found: install it (sudo apt-get install redis-server), or set REDIS_URL to a Redis that runs",
    );
  }
  // The same check as in the runner, which does not start if agents cannot be isolated.
  const isolation = await findIsolation(config, config.agentEnv["PATH"] ?? "");
  if (isolation.mode === "refused") lines.push(`${isolation.text}: ${isolation.advice}`);
  const { host, port } = config.board;
  const taken = port === 0 || !board ? null : await portProblemAfter(portWaitMs, { host, port });
  if (taken !== null) lines.push(describePort(taken, { host, port }));
  return lines;
}
