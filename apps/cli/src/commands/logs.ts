import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Problem, type Context } from "../context.ts";
import type { Input } from "../program.ts";
import { locateDespiteMistakes } from "../redis/locate.ts";
import { managerOf } from "../services/units.ts";
import { journalCommand, tailCommand, type LogSource } from "../logs/sources.ts";
import { showLines } from "../logs/show.ts";

const APPS = ["scheduler", "runner", "board"] as const;
const LINES = 200;

/** The log lines of scheduler, runner and board, wherever tac8 runs on this machine: in systemd's journal, or started by `tac8 up`. */
export async function logs(context: Context, { options }: Input): Promise<number> {
  const apps = options["runner"] === true ? ["runner"] : [...APPS];
  const choice = { apps, follow: options["follow"] === true, lines: LINES };
  return showLines(context, source(context, options["config"] as string | undefined, choice));
}

function source(
  context: Context,
  flag: string | undefined,
  choice: { readonly apps: readonly string[]; readonly follow: boolean; readonly lines: number },
): LogSource {
  const manager = managerOf(context.env);
  if (manager === "system") return journalCommand(choice);
  const { homes } = locateDespiteMistakes(context, flag);
  const files = homes.map((home) => choice.apps.map((app) => join(home, "logs", `${app}.log`)).filter(existsSync));
  const found = files.find((some) => some.length > 0);
  if (found === undefined) {
    throw new Problem(
      `there are no logs in ${homes.map((home) => join(home, "logs")).join(" and ")}: of tac8 in containers, run docker compose logs; of tac8 as a service, see docs/service.md`,
    );
  }
  return tailCommand({ ...choice, files: found, appOf: (path) => basename(path, ".log") });
}
