import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { withdrawShare, writeShareConf } from "@tac8/core/share/apply";
import { readShare, shareFiles, type Share } from "@tac8/core/share/files";
import { rm } from "node:fs/promises";
import type { Redis } from "ioredis";
import type { Context } from "../context/context.ts";
import { MayPass, Problem, WrongUsage } from "../problems/problem.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { ownRedis, type OwnRedis } from "../share/own.ts";
import { warn } from "../terminal/warn.ts";

/** Revoke the access of one machine, or of all. Their connections are closed immediately; if tac8 is stopped, at its next start. */
export async function unshare(context: Context, { args, options }: Input): Promise<number> {
  const { out } = context;
  const name = args[0]?.toLowerCase();
  const all = options["all"] === true;
  if ((name === undefined) === !all)
    throw new WrongUsage("no machine given: run tac8 unshare NAME, or tac8 unshare --all");
  const own = ownRedis(context, options["config"] as string | undefined);
  if ("line" in own) throw new Problem(own.line);
  const { dataFolder } = own;
  const files = shareFiles(dataFolder);
  const share = readShare(dataFolder);
  if (share === null) {
    out.line("Nothing is shared.");
    return 0;
  }
  if (name !== undefined) {
    const machines = share.machines.filter((machine) => machine.name !== name);
    if (machines.length === share.machines.length) throw new Problem(`there is no machine ${name}: ${namesOf(share)}`);
    await writeWholeFile(files.state, `${JSON.stringify({ ...share, machines })}\n`);
    await writeShareConf(dataFolder);
    await live(context, own, (redis) => redis.call("ACL", "DELUSER", name));
    out.line(
      `${name} has no access any more: its connections are closed. Other runners take over its jobs within minutes.`,
    );
    out.line("It still has its GitHub token and its model key: revoke them if you no longer control the machine.");
    return 0;
  }
  await rm(files.conf, { force: true });
  await rm(files.state, { force: true });
  await live(context, own, (redis) =>
    withdrawShare(
      redis,
      share.machines.map((machine) => machine.name),
    ),
  );
  await rm(files.folder, { recursive: true, force: true });
  out.line(`Redis no longer listens at ${share.address}:${share.port}, and no other machine has access.`);
  return 0;
}

/** Apply a change to the running Redis. A Redis that is not running reads the files at its next start. */
async function live(context: Context, { redis }: OwnRedis, work: (redis: Redis) => Promise<unknown>) {
  try {
    if (redis === null) throw new MayPass("it is not running");
    await withRedis(redis.redisUrl, work, redis.advice);
  } catch (error) {
    if (!(error instanceof MayPass)) throw error;
    warn(context.err, "Redis does not respond: this takes effect at its next start");
  }
}

function namesOf({ machines }: Share): string {
  return machines.length === 0
    ? "no machine has joined"
    : `the machines are ${machines.map(({ name }) => name).join(", ")}`;
}
