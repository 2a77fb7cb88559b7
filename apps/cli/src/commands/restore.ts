import { describeProblems, loadConfig } from "@tac8/core/config/load";
import { redisAddress } from "@tac8/core/config/redisUrl";
import { resolve } from "node:path";
import { restoreBackup, type Restored } from "../backup/restore.ts";
import type { Context } from "../context/context.ts";
import type { Input } from "../context/program.ts";
import { Problem } from "../problems/problem.ts";
import { namesRedis } from "../installation/locate.ts";
import { managerOf } from "../services/units.ts";
import { sharedProjectsOf } from "./backup.ts";

/** Restore a backup into the data folder and the Redis that `tac8 up` uses with this environment. */
export async function restore(context: Context, { args, options }: Input): Promise<number> {
  const { env, cwd, out, command, now } = context;
  const loaded = loadConfig({ flag: options["config"] as string | undefined, env, cwd });
  const { dataFolder, draft, path: configPath, found } = loaded;
  const redisProblem = loaded.problems.some(({ key }) => key === "REDIS_URL");
  if (dataFolder === null || draft === null || redisProblem || (found && loaded.config === null)) {
    throw new Problem(describeProblems(loaded.problems, configPath).split("\n"));
  }
  if (draft.joined)
    throw new Problem(`this machine has joined the tac8 at ${redisAddress(draft.redisUrl)}: run tac8 restore there`);
  const { manifest, config, configCopy, previous } = await restoreBackup({
    path: resolve(cwd, args[0] ?? ""),
    dataFolder: dataFolder.path,
    configPath,
    redisUrl: namesRedis(env, draft) ? draft.redisUrl : null,
    sharedProjects: sharedProjectsOf(env),
    force: options["force"] === true,
    now: now(),
  });
  const { at, host, issues, keys, secrets } = manifest;
  out.line(`Restored the backup of ${host} from ${at}: ${issues} issues, ${keys} keys of Redis.`);
  out.line(`Data in ${dataFolder.path}`);
  out.line(CONFIG_LINES[config](configPath, configCopy));
  if (previous !== null) out.line(`The replaced files are in ${previous}`);
  out.line("If the tac8 of the backup is still running, stop it: otherwise both work on the same issues.");
  const names = secrets.length === 0 ? "tokens and keys" : secrets.join(", ");
  // Only the Redis service is running now, as in the steps of docs/runbook.md.
  const isService = managerOf(env) === "system";
  const start = isService ? "sudo systemctl start tac8-scheduler tac8-runner tac8-board" : `${command} up`;
  out.line(`A backup contains no secrets. Set ${names} where they are missing. Then start tac8: ${start}`);
  out.line(`Then: ${command} doctor`);
  return 0;
}

const CONFIG_LINES: Readonly<Record<Restored["config"], (path: string, copy: string) => string>> = {
  none: () => "The backup contains no configuration file.",
  written: (path) => `Configuration in ${path}`,
  same: (path) => `Configuration in ${path}, unchanged`,
  kept: (path, copy) => `The configuration of the backup is in ${copy}: compare it with ${path}, which was not changed`,
};
