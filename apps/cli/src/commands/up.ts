import { SECRETS_SHOWN } from "@tac8/core/app/ownSecrets";
import { variable } from "@tac8/core/config/environment";
import { loadConfig } from "@tac8/core/config/load";
import { Problem, unreachable, type Context } from "../context.ts";
import { checkoutAbove } from "../doctor/above/find.ts";
import { runDemo } from "../demo/run.ts";
import type { Input } from "../program.ts";
import { warn } from "../terminal/warn.ts";
import { decideUp } from "../up/decide.ts";
import { runUp } from "../up/run.ts";

/** Agents find the files of a checkout that their workspaces are in: see `tac8 doctor`. */
function warnOfCheckout({ env, err, command }: Context, home: string): void {
  const checkout = checkoutAbove(home, env["HOME"] || null);
  if (checkout === null) return;
  const line = `the data folder ${home} is inside of the checkout ${checkout}, whose files agents find: stop this, run ${command} move-data`;
  warn(err, line);
}

export async function up(context: Context, { options }: Input): Promise<number> {
  const { env, cwd, out, err } = context;
  const flag = options["config"] as string | undefined;
  const loaded = loadConfig({ flag, env, cwd });
  const decision = decideUp({ loaded, env });
  switch (decision.kind) {
    case "problems":
      throw new Problem(decision.lines);
    case "demo":
      out.line("There is no configuration and no GITHUB_TOKEN, so this is the demo.\n");
      return runDemo(context);
    case "up": {
      for (const warning of loaded.warnings) warn(err, warning);
      if (context.secretsShown) warn(err, SECRETS_SHOWN);
      if (loaded.dataFolder?.notice) err.line(`tac8: ${loaded.dataFolder.notice}`);
      warnOfCheckout(context, decision.config.home);
      const redisUrl = variable(env, "REDIS_URL") === null ? null : decision.config.redisUrl;
      return runUp(context, { config: decision.config, configPath: loaded.path, env, redisUrl, demo: null });
    }
    default:
      return unreachable(decision);
  }
}
