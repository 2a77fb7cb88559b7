import { redisAddress } from "@tac8/core/config/redisUrl";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { createBackup } from "../backup/create.ts";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { backupOutput } from "../json/backup.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locate } from "../installation/locate.ts";

/** Write a backup to a file. */
export async function backup(context: Context, { args, options }: Input): Promise<number> {
  const { env, cwd, out, err, now } = context;
  const { config, configPath, redisUrl, advice } = locate(context, options["config"] as string | undefined);
  if (config === null) throw new Problem("no configuration file: give it with --config");
  if (config.joined)
    throw new Problem(`this machine has joined the tac8 at ${redisAddress(redisUrl)}: run tac8 backup there`);
  const path = resolve(cwd, args[0] ?? nameFor(now()));
  const sharedProjects = sharedProjectsOf(env);
  const made = await withRedis(
    redisUrl,
    (redis) => createBackup({ redis, config, configPath, path, sharedProjects, now }),
    advice,
  );
  const { manifest, files, bytes, pausedMs, leftOut } = made;
  for (const line of leftOut) err.line(`tac8: not in the backup: ${line}`);
  const { keys, issues } = manifest;
  if (options["json"] === true) {
    out.line(jsonOf(backupOutput, { path, bytes, files, keys, issues, pausedMs: Math.round(pausedMs), leftOut }));
    return 0;
  }
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  out.line(`Backup of ${issues} issues, ${keys} keys of Redis and ${files} files in ${path} (${size}).`);
  out.line("It contains issue texts and agent sessions: keep it as private as the repository.");
  out.line("Not included: tokens and keys, uncommitted work, local copies of repositories, logs.");
  return 0;
}

function nameFor(now: number): string {
  const time = new Date(now).toISOString().slice(0, 16).replaceAll(":", "");
  return `tac8-${hostname().replace(/[^\w.-]+/g, "-")}-${time}.tar.gz`;
}

/** Return the folder in which Claude Code stores sessions if agents share a home folder; null: the environment names none. */
export function sharedProjectsOf(env: Context["env"]): string | null {
  const config = env["CLAUDE_CONFIG_DIR"] || (env["HOME"] ? join(env["HOME"], ".claude") : null);
  return config === null ? null : join(config, "projects");
}
