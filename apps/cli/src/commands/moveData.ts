import { describeProblems, findNewDataFolder, loadConfig } from "@tac8/core/config/load";
import { resolve } from "node:path";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { checkoutAbove } from "../doctor/above/find.ts";
import { readMark, stateOf } from "../moveData/mark.ts";
import { moveDataFolder } from "../moveData/run.ts";
import type { Input } from "../context/program.ts";
import { redisUrlIn } from "../redis/record.ts";

/** Move the data folder to the given path, or to the default path of a new installation. */
export async function moveData(context: Context, { args, options }: Input): Promise<number> {
  const { env, cwd, out, now } = context;
  const loaded = loadConfig({ flag: options["config"] as string | undefined, env, cwd });
  const { dataFolder, path, config } = loaded;
  if (dataFolder === null) throw new Problem(describeProblems(loaded.problems, path).split("\n"));
  if (!loaded.found)
    throw new Problem(`${path} does not exist: give the configuration whose data to move with --config`);
  const standard = findNewDataFolder(path, env);
  // After an interruption, the configuration may already name the new path.
  const mark = readMark(dataFolder.path);
  const isThere = mark !== null && mark.to === dataFolder.path;
  const to = args[0] !== undefined ? resolve(cwd, args[0]) : isThere ? mark.to : standard;
  if (to === null) throw new Problem("HOME is not set to an absolute path: give the folder to move the data to");
  const checkout = checkoutAbove(to, env["HOME"] || null);
  if (checkout !== null) throw new Problem(`${to} is also inside the checkout ${checkout}: give another folder`);
  const from = isThere ? (mark.from[0] ?? "") : dataFolder.path;
  const redisUrl = (env["REDIS_URL"] ? null : redisUrlIn([from])) ?? config?.redisUrl ?? env["REDIS_URL"] ?? "";
  const say = (line: string) => out.line(line);
  const byName = Boolean(env["TAC8_HOME"]) || standard === null;
  const variable = !byName ? null : to === standard ? "unset TAC8_HOME" : `set TAC8_HOME=${to}`;
  if (from === to || (stateOf(from) === "none" && stateOf(to) === "none"))
    return nothing(context, from === to ? to : from);
  if (variable !== null) say(`After the move, ${variable} wherever you start tac8.`);
  const request = { from, to, standard: byName ? null : standard, redisUrl, now: now(), say };
  if (!(await moveDataFolder(request))) return nothing(context, dataFolder.path);
  const next = variable ?? (to === standard ? null : "tac8 up finds it");
  out.line(
    `The data is now in ${to}${next === null ? "" : `: ${next}${variable === null ? "" : " wherever you start tac8"}`}.`,
  );
  return 0;
}

function nothing({ env, out }: Context, place: string): number {
  const other = env["TAC8_HOME"] ? "" : " If you start tac8 with TAC8_HOME, set it here too.";
  if (stateOf(place) === "none") out.line(`${place} has no data: nothing to move.${other}`);
  else out.line(`The data is already in ${place}: nothing to move.`);
  return 0;
}
