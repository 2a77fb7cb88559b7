import type { Config } from "../config/resolve.ts";
import { secretPaths } from "./agentView.ts";
import { chooseIsolation, needsProbe, type Isolation, type Refusal } from "./choose.ts";
import { probeLauncher } from "./launcher/probe.ts";
import { probeSandbox } from "./probe.ts";

/**
 * Determine how agents are isolated on this machine, by starting a program with each isolation that the configuration allows.
 * @param path a `PATH`, in which programs are searched for
 * @throws Error when the result may change soon, because this machine is overloaded or the launcher is being restarted
 */
export async function findIsolation(config: Config, path: string): Promise<Isolation | Refusal> {
  const needs = needsProbe(config);
  const uid = process.getuid?.() ?? 0;
  const sandbox = needs.sandbox ? await probeSandbox({ path, uid, secret: secretPaths(config) }) : null;
  // The sandbox is the strongest isolation. If it works, the launcher is not probed.
  const launcher = needs.launcher && sandbox?.works !== true ? await probeLauncher(config.launcher) : null;
  return chooseIsolation(config, { sandbox, launcher });
}
