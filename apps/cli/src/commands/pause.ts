import { pauseAll, pauseRunner } from "@tac8/core/state/pause";
import { operatorOf } from "../context/operator.ts";
import type { Context } from "../context/context.ts";
import { pauseOutput } from "../json/pause.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locateDespiteMistakes } from "../installation/locate.ts";
import { withQueue } from "../redis/queue.ts";
import { findRunner } from "../references/runners.ts";
import { sentence } from "../terminal/sentence.ts";
import { plain } from "../terminal/text.ts";
import { moment } from "../terminal/time.ts";

/** Pause everything, or one runner. */
export async function pause(context: Context, { options }: Input): Promise<number> {
  const { out, now } = context;
  const installation = locateDespiteMistakes(context, options["config"] as string | undefined);
  const name = options["runner"] as string | undefined;
  const by = operatorOf(context);
  const reason = ((options["reason"] as string | undefined) ?? "paused by an operator").slice(0, 500);
  return withRedis(
    installation.redisUrl,
    async (redis) => {
      const runner = name === undefined ? null : await findRunner(redis, name, now());
      const given = { by, reason, now: now() };
      const called = runner === null ? null : plain(runner.name);
      const done =
        runner === null
          ? await pauseEverything(() => pauseAll(redis, given))
          : await pauseRunner(redis, { ...given, runner });
      // Pause now, instead of when the scheduler reads the hold.
      if (runner === null) await withQueue(redis, (queue) => queue.pause());
      const there = done.pause;
      if (options["json"] === true) {
        const { by: operator, reason: why, since } = there;
        const shown = { paused: runner?.name ?? "all", began: done.began, by: operator, reason: why };
        out.line(jsonOf(pauseOutput, { ...shown, since: new Date(since).toISOString() }));
        return 0;
      }
      const what = called === null ? "Paused: no new agents start" : `${called} is paused: it starts no new agents`;
      const end = called === null ? "tac8 resume" : `tac8 resume --runner ${called}`;
      if (done.began) sentence(out, `${what}, and running agents finish. To resume: ${end}`);
      else {
        const since = moment(there.since, now());
        const already = called === null ? "Already paused" : `${called} is already paused`;
        sentence(out, `${already} by ${plain(there.by)} since ${since} (${plain(there.reason)}). To resume: ${end}`);
      }
      return 0;
    },
    installation.advice,
  );
}

async function pauseEverything(begin: () => ReturnType<typeof pauseAll>) {
  const { began, hold } = await begin();
  return { began, pause: hold };
}
