import { SECRETS_SHOWN } from "@tac8/core/app/ownSecrets";
import { loadConfig } from "@tac8/core/config/load";
import type { Context } from "../context/context.ts";
import { CannotStart, MayPass, Problem, unreachable, WrongUsage } from "../problems/problem.ts";
import { checkoutAbove } from "../doctor/above/find.ts";
import { runDemo } from "../demo/run.ts";
import type { Input } from "../context/program.ts";
import { warn } from "../terminal/warn.ts";
import { namesRedis } from "../installation/locate.ts";
import { decideUp } from "../up/decide.ts";
import { runUp } from "../up/run.ts";

/** Warn if the data folder is inside a checkout, because agents can find the files of that checkout: see `tac8 doctor`. */
function warnOfCheckout({ env, err, command }: Context, dataFolder: string): void {
  const checkout = checkoutAbove(dataFolder, env["HOME"] || null);
  if (checkout === null) return;
  const line = `the data folder ${dataFolder} is inside the checkout ${checkout}, whose files agents can find: stop tac8, then run ${command} move-data`;
  warn(err, line);
}

/** Return the apps to start; null: all. A machine that has joined another machine's tac8 starts only the runner. */
function onlyOf({ apps, env }: Context, { text, joined }: { text: string | undefined; joined: boolean }) {
  if (text === undefined) return joined ? ["runner"] : null;
  const known = apps.map(({ name }) => name);
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new WrongUsage(`unknown app ${unknown}: --only accepts ${known.join(", ")}`);
  if (!namesRedis(env, { joined })) {
    throw new WrongUsage("--only needs REDIS_URL, the Redis that the other apps of this tac8 use");
  }
  return named;
}

/** Run tac8. A service manager restarts it after every end except `CannotStart`, which the operator has to fix. @throws CannotStart, MayPass */
export async function up(context: Context, input: Input): Promise<number> {
  try {
    return await startUp(context, input);
  } catch (error) {
    if (!(error instanceof Problem) || error instanceof MayPass || error instanceof WrongUsage) throw error;
    throw new CannotStart(error.lines, { cause: error });
  }
}

async function startUp(context: Context, { options }: Input): Promise<number> {
  const { env, cwd, out, err } = context;
  const flag = options["config"] as string | undefined;
  const loaded = loadConfig({ flag, env, cwd });
  const decision = decideUp({ loaded, env });
  const only = onlyOf(context, {
    text: options["only"] as string | undefined,
    joined: decision.kind === "up" && decision.config.joined,
  });
  switch (decision.kind) {
    case "problems":
      throw new Problem(decision.lines);
    case "demo":
      out.line("No configuration and no GITHUB_TOKEN found: starting the demo.\n");
      return runDemo(context);
    case "up": {
      for (const warning of loaded.warnings) warn(err, warning);
      if (context.secretsShown) warn(err, SECRETS_SHOWN);
      if (loaded.dataFolder?.notice) err.line(`tac8: ${loaded.dataFolder.notice}`);
      warnOfCheckout(context, decision.config.dataFolder);
      const redisUrl = namesRedis(env, decision.config) ? decision.config.redisUrl : null;
      return runUp(context, { config: decision.config, configPath: loaded.path, env, redisUrl, demo: null, only });
    }
    default:
      return unreachable(decision);
  }
}
