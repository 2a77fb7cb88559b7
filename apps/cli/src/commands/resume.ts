import { BUDGET_HOLD } from "@tac8/core/domain/budget";
import { OPERATOR, planHolds, repositoryHold, type Hold, endsWithProbe } from "@tac8/core/domain/holds";
import { holdWords } from "@tac8/core/domain/holdWords";
import { wakeJobsOfEndedHolds } from "@tac8/core/queue/wake";
import { readHolds } from "@tac8/core/state/holds";
import { endHold, pausedName, readPauses, resumeAll, resumeRunner } from "@tac8/core/state/pause";
import type { Redis } from "ioredis";
import type { Context } from "../context/context.ts";
import { Problem, WrongUsage } from "../problems/problem.ts";
import { operatorOf } from "../context/operator.ts";
import { resumeOutput } from "../json/resume.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locateDespiteMistakes } from "../installation/locate.ts";
import { withQueue } from "../redis/queue.ts";
import { findRunner } from "../references/runners.ts";
import { sentence } from "../terminal/sentence.ts";
import { plain } from "../terminal/text.ts";
import { moment } from "../terminal/time.ts";

interface Resumed {
  /** The pause or hold to end: `operator`, the name of another hold, or the name of a runner. */
  readonly what: string;
  readonly ended: boolean;
  readonly line: string;
}

/** End a pause or a hold, and show which remain. */
export async function resume(context: Context, { args, options }: Input): Promise<number> {
  const installation = locateDespiteMistakes(context, options["config"] as string | undefined);
  const [hold] = args;
  const name = options["runner"] as string | undefined;
  if (hold !== undefined && name !== undefined) throw new WrongUsage("a hold and --runner cannot be used together");
  return withRedis(
    installation.redisUrl,
    async (redis) => {
      const done = await end(context, { redis, hold, name });
      const [holds, paused] = await Promise.all([readHolds(redis), readPauses(redis)]);
      const { live, pauseQueue } = planHolds(holds, context.now());
      // Resume now, instead of when the scheduler reads the holds.
      if (name === undefined) {
        await withQueue(redis, async (queue) => {
          await wakeJobsOfEndedHolds({ redis, queue, now: context.now() });
          if (!pauseQueue && !endsWithProbe(done.what)) await queue.resume();
        });
      }
      if (options["json"] === true) context.out.line(asJson(done, live, namesOf(paused)));
      else for (const line of [done.line, ...whatIsLeft(live, paused, context.now())]) sentence(context.out, line);
      return 0;
    },
    installation.advice,
  );
}

async function end(
  context: Context,
  { redis, hold, name }: { redis: Redis; hold: string | undefined; name: string | undefined },
): Promise<Resumed> {
  const by = operatorOf(context);
  const now = context.now();
  if (name !== undefined) {
    const runner = await findRunner(redis, name, now);
    const was = await resumeRunner(redis, { runner, by });
    const called = plain(runner.name);
    const line = was === null ? `${called} was not paused.` : `${called} accepts new jobs again.`;
    return { what: runner.name, ended: was !== null, line };
  }
  if (hold === undefined || hold === OPERATOR) {
    const { ended } = await resumeAll(redis, { by, now });
    return { what: OPERATOR, ended, line: ended ? "Resumed." : "Nothing to resume: tac8 is not paused." };
  }
  const { live } = planHolds(await readHolds(redis), now);
  const there = live.find(({ name: known }) => known === hold || known === repositoryHoldOf(hold));
  if (there === undefined) {
    const names = live.map((known) => plain(known.name)).join(", ");
    throw new Problem(`there is no hold ${plain(hold).slice(0, 80)} (${names === "" ? "nothing is held" : names})`);
  }
  if (!holdWords(there.name).byHand) {
    throw new Problem(`the hold ${there.name} cannot be ended early: it lasts ${untilOf(there, now)}`);
  }
  const { ended } = await endHold(redis, { name: there.name, by, now });
  const lifted = there.name === BUDGET_HOLD ? " Today's limits do not apply until midnight." : "";
  const line = `The hold ${plain(there.name)} is ended: work that waited for it continues.${lifted}`;
  return { what: there.name, ended, line };
}

/** Return the hold of a repository: `octo/hello` is short for `repo:octo/hello`, in any case. */
function repositoryHoldOf(text: string): string | null {
  const [, owner, repo] = /^(?:repo:)?([^/\s]+)\/([^/\s]+)$/i.exec(text) ?? [];
  return owner === undefined || repo === undefined ? null : repositoryHold({ owner, repo });
}

function whatIsLeft(holds: readonly Hold[], paused: Awaited<ReturnType<typeof readPauses>>, now: number): string[] {
  return [
    ...holds.map((hold) => {
      const { name, reason } = hold;
      const advice = holdWords(name).byHand ? `; tac8 resume ${plain(name)} ends it now` : "";
      return `Still held by ${plain(name)} ${untilOf(hold, now)}: ${plain(reason)}${advice}`;
    }),
    ...[...paused].map(([runner, pause]) => {
      const { by, since, reason } = pause;
      const name = plain(pausedName(runner, pause));
      const how = `by ${plain(by)} since ${moment(since, now)}: ${plain(reason)}`;
      return `Runner ${name} is paused ${how}; tac8 resume --runner ${name} ends it`;
    }),
  ];
}

function namesOf(paused: Awaited<ReturnType<typeof readPauses>>): string[] {
  return [...paused].map(([runner, pause]) => pausedName(runner, pause));
}

function untilOf({ until }: Hold, now: number): string {
  return until === null ? "until it is resumed" : `until ${moment(until, now)}`;
}

function asJson({ what, ended }: Resumed, holds: readonly Hold[], pausedRunners: readonly string[]): string {
  const shown = holds.map(({ name, reason, by, since, until }) => {
    const end = until === null ? null : new Date(until).toISOString();
    return { name, reason, by, since: new Date(since).toISOString(), until: end };
  });
  return jsonOf(resumeOutput, { what, ended, holds: shown, pausedRunners });
}
