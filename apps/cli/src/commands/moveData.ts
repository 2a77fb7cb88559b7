import { describeProblems, findNewDataFolder, loadConfig } from "@tac8/core/config/load";
import { resolve } from "node:path";
import { Problem, type Context } from "../context.ts";
import { checkoutAbove } from "../doctor/above/find.ts";
import { readMark } from "../moveData/mark.ts";
import { moveDataFolder } from "../moveData/run.ts";
import type { Input } from "../program.ts";
import { redisUrlIn } from "../redis/record.ts";

/** Moves the data folder to a named place, else to that of a new installation. */
export async function moveData(context: Context, { args, options }: Input): Promise<number> {
  const { env, cwd, out, now } = context;
  const loaded = loadConfig({ flag: options["config"] as string | undefined, env, cwd });
  const { dataFolder, path, config } = loaded;
  if (dataFolder === null) throw new Problem(describeProblems(loaded.problems, path).split("\n"));
  if (!loaded.found)
    throw new Problem(`${path} does not exist: name the configuration whose data is to be moved by --config`);
  const standard = findNewDataFolder(path, env);
  const to = args[0] === undefined ? standard : resolve(cwd, args[0]);
  if (to === null) throw new Problem("HOME is not set to an absolute path: name the folder to move the data to");
  const checkout = checkoutAbove(to, env["HOME"] || null);
  if (checkout !== null) throw new Problem(`${to} is inside of the checkout ${checkout} as well: name another folder`);
  // After an interruption the configuration may lead to the new place already.
  const mark = readMark(dataFolder.path);
  const from = mark !== null && mark.to === dataFolder.path ? (mark.from[0] ?? "") : dataFolder.path;
  const redisUrl = env["REDIS_URL"] || redisUrlIn([from]) || config?.redisUrl || "";
  const say = (line: string) => out.line(line);
  if (from === to || !(await moveDataFolder({ from, to, redisUrl, now: now(), say }))) {
    out.line(`The data is in ${dataFolder.path}: there is nothing to move.`);
    return 0;
  }
  out.line(`The data is in ${to} now.`);
  if (to !== standard) out.line(`tac8 finds it there by TAC8_HOME=${to}: set that wherever tac8 is started.`);
  else if (env["TAC8_HOME"]) out.line("tac8 finds it there without TAC8_HOME: remove that wherever tac8 is started.");
  return 0;
}
