import { randomUUID } from "node:crypto";
import { presentRunners } from "@tac8/core/status/snapshot";
import {
  requestCleaning,
  isCleanRequestPending,
  nextCleanResult,
  withdrawCleanRequest,
  type CleanResult,
} from "@tac8/core/state/cleaning";
import { idOf, readRunners } from "@tac8/core/state/presence";
import type { Redis } from "ioredis";
import { renderCleaning } from "../clean/render.ts";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { cleanOutput } from "../json/clean.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locate } from "../installation/locate.ts";
import { painter } from "../terminal/text.ts";

/**
 * Ask every present runner to clean up, because only a runner knows which files in its data folder are in use.
 */
export async function clean(context: Context, { options }: Input): Promise<number> {
  const { redisUrl, advice } = locate(context, options["config"] as string | undefined);
  const dryRun = options["dryRun"] === true;
  const { results, silent } = await withRedis(redisUrl, (redis) => askAll(context, redis, dryRun), advice);
  const { out, err } = context;
  if (options["json"] === true) out.line(jsonOf(cleanOutput, { dryRun, runners: results }));
  else out.line(renderCleaning(results, { dryRun, width: out.columns ?? 120, paint: painter(out.color) }).join("\n"));
  for (const line of silent) err.line(`tac8: ${line}`);
  return silent.length > 0 || results.some(({ problem }) => problem !== null) ? 1 : 0;
}

const NO_RUNNER =
  "no runner is running, and only a runner knows which files are in use: start one with tac8 up, or with sudo systemctl restart tac8.target on an installed machine (it also cleans up every hour by itself)";
/** Maximum time until a runner responds. Runners check for requests every two seconds. */
const ANSWER_MS = 15_000;
/** Maximum time until a runner finishes. Before it removes work, it asks GitHub whether the work is there. */
const LIMIT_MS = 15 * 60_000;
const CHECK_SECONDS = 2;

interface Asked {
  readonly results: readonly CleanResult[];
  /** Reasons why runners did not respond, one line each. */
  readonly silent: readonly string[];
}

async function askAll({ now, err, waits }: Context, redis: Redis, dryRun: boolean): Promise<Asked> {
  const runners = presentRunners(await readRunners(redis), now());
  if (runners.length === 0) throw new Problem(NO_RUNNER);
  const results: CleanResult[] = [];
  const silent: string[] = [];
  // Runners are asked in turn, because those with the same data folder would wait for each other anyway.
  for (const runner of runners) {
    const { name } = runner;
    const id = randomUUID();
    if (!(await requestCleaning(redis, idOf(runner), { id, dryRun }))) {
      silent.push(`runner ${name} is already cleaning up for another tac8 clean: try again in a minute`);
      continue;
    }
    const onWait = () => err.line(`waiting for runner ${name} …`);
    const result = await resultOf(redis, {
      name,
      key: idOf(runner),
      id,
      answerMs: waits?.runnerAnswer ?? ANSWER_MS,
      onWait,
    });
    if (typeof result === "string") silent.push(result);
    // Runners with the same data folder return the same result.
    else if (!results.some(({ homeId }) => homeId === result.homeId)) results.push(result);
  }
  return { results, silent };
}

/** Wait for the result of a runner. @returns the result, or the reason why there is none */
async function resultOf(
  redis: Redis,
  { name, key, id, answerMs, onWait }: { name: string; key: string; id: string; answerMs: number; onWait: () => void },
): Promise<CleanResult | string> {
  const from = performance.now();
  for (let checks = 1; ; checks += 1) {
    const result = await nextCleanResult(redis, id, CHECK_SECONDS);
    if (result !== null) return result;
    const passed = performance.now() - from;
    if (passed > answerMs && (await isCleanRequestPending(redis, key))) {
      await withdrawCleanRequest(redis, key);
      return `runner ${name} does not respond: it may be an older version, or stopping`;
    }
    if (passed > LIMIT_MS) return `runner ${name} did not finish within ${LIMIT_MS / 60_000} minutes: see its log`;
    if (checks === 2) onWait();
  }
}
