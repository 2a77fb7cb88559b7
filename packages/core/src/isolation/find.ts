import type { Config } from "../config/resolve.ts";
import { secretPaths } from "./agentView.ts";
import { chooseIsolation, needsProbe, type Isolation, type Refusal } from "./choose.ts";
import { probeLauncher } from "./launcher/probe.ts";
import { probeSandbox } from "./probe.ts";

/**
 * Find out how agents are isolated on this machine, by starting something in each way that the configuration allows.
 * @param path a `PATH`, where programs are looked for
 * @throws Error when a later answer may be another one: this machine has too much to do, or the launcher is being restarted
 */
export async function findIsolation(config: Config, path: string): Promise<Isolation | Refusal> {
  const needs = needsProbe(config);
  const uid = process.getuid?.() ?? 0;
  const sandbox = needs.sandbox ? await probeSandbox({ path, uid, secret: secretPaths(config) }) : null;
  // The strongest is taken: where it works nothing else is asked.
  const launcher = needs.launcher && sandbox?.works !== true ? await probeLauncher(config.launcher) : null;
  return chooseIsolation(config, { sandbox, launcher });
}
