import { judge, readSnapshot } from "../look/health.ts";
import { renderHealth } from "../look/renderHealth.ts";
import type { CommandSpec } from "../program.ts";
import { redisAddress, UP_RUNNING, withRedis } from "../redis/connect.ts";
import { locate } from "../redis/locate.ts";
import { painter } from "../terminal/text.ts";

/** `--json`: one object, `Health`. The exit code is 0 whenever Redis answered. */
export const status: CommandSpec = {
  usage: "status",
  summary: "how tac8 is: scheduler, runners, queue, holds and the last events",
  options: [{ flags: "--json", description: "as JSON" }],
  async run(context, { options }) {
    const { out } = context;
    const { redisUrl, pollSeconds } = locate(context, options["config"] as string | undefined);
    const snapshot = await withRedis(redisUrl, readSnapshot, UP_RUNNING);
    const now = context.now();
    const health = judge(snapshot, { redis: redisAddress(redisUrl), now, pollSeconds });
    if (options["json"] === true) out.line(JSON.stringify(health, null, 2));
    else out.line(renderHealth(health, { now, width: out.columns ?? 120, paint: painter(out.color) }).join("\n"));
    return 0;
  },
};
