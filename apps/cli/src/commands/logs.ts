import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import type { Input } from "../context/program.ts";
import { locateDespiteMistakes } from "../installation/locate.ts";
import { managerOf } from "../services/units.ts";
import { composeCommand, composeServices } from "../logs/compose.ts";
import { journalCommand, tailCommand, type LogSource } from "../logs/sources.ts";
import { showLines } from "../logs/show.ts";

const APPS = ["scheduler", "runner", "board"] as const;
const LINES = 200;

/**
 * Show the log lines of scheduler, runner and board on this machine: from the journal of systemd, from the containers of the
 * compose project in the current folder, or from the files of `tac8 up`.
 */
export async function logs(context: Context, { options }: Input): Promise<number> {
  const apps = options["runner"] === true ? ["runner"] : [...APPS];
  const choice = { apps, follow: options["follow"] === true, lines: LINES };
  return showLines(context, await source(context, options["config"] as string | undefined, choice));
}

async function source(
  context: Context,
  flag: string | undefined,
  choice: { readonly apps: readonly string[]; readonly follow: boolean; readonly lines: number },
): Promise<LogSource> {
  const { env, cwd } = context;
  if (managerOf(env) === "system") return journalCommand(choice);
  const services = (await composeServices(cwd, env)).filter((name) => choice.apps.length > 1 || name === "runner");
  if (services.length > 0) return composeCommand({ ...choice, services, cwd, env });
  const { homes } = locateDespiteMistakes(context, flag);
  const files = homes.map((dataFolder) =>
    choice.apps.map((app) => join(dataFolder, "logs", `${app}.log`)).filter(existsSync),
  );
  const found = files.find((some) => some.length > 0);
  if (found === undefined) {
    throw new Problem(
      `no logs in ${homes.map((dataFolder) => join(dataFolder, "logs")).join(" and ")}: for tac8 in containers, run this command in the folder of docker-compose.yml; for tac8 as a service, see docs/service.md`,
    );
  }
  return tailCommand({ ...choice, files: found, appOf: (path) => basename(path, ".log") });
}
