import { pauseAll, pauseRunner, resumeAll, resumeRunner } from "@tac8/core/state/pause";
import { planHolds } from "@tac8/core/domain/holds";
import { idOf, readRunners, type RunnerRef } from "@tac8/core/state/presence";
import type { Board, Page } from "../services/board.ts";
import { readInTime } from "../redis/unreachable.ts";
import { answer } from "./answer.ts";
import { operatorOf } from "./operator.ts";

const REASON = "paused on the board";

export const pauseEverything: Page = async (board, request, response) => {
  const options = { by: operatorOf(request), reason: REASON, now: board.now() };
  const { began } = await readInTime(board.probe, async () => {
    const done = await pauseAll(board.redis, options);
    // Pause now, instead of when the scheduler reads the hold.
    await board.queue.pause();
    return done;
  });
  answer(request, response, { notice: began ? "paused" : "was-paused", page: "/" });
};

export const resumeEverything: Page = async (board, request, response) => {
  const options = { by: operatorOf(request), now: board.now() };
  const { ended, holds } = await readInTime(board.probe, async () => {
    const done = await resumeAll(board.redis, options);
    if (!planHolds([...done.holds], board.now()).pauseQueue) await board.queue.resume();
    return done;
  });
  answer(request, response, { notice: !ended ? "not-paused" : holds.length > 0 ? "held" : "resumed", page: "/" });
};

export const pauseOneRunner: Page = async (board, request, response) => {
  const options = { by: operatorOf(request), reason: REASON, now: board.now() };
  const { began } = await readInTime(board.probe, async () => {
    return pauseRunner(board.redis, { ...options, runner: await runnerOf(board, request.params) });
  });
  answer(request, response, { notice: began ? "runner-paused" : "was-paused", page: "/" });
};

export const resumeOneRunner: Page = async (board, request, response) => {
  const by = operatorOf(request);
  const { there } = await readInTime(board.probe, async () => {
    return { there: await resumeRunner(board.redis, { by, runner: await runnerOf(board, request.params) }) };
  });
  answer(request, response, { notice: there === null ? "not-paused" : "resumed", page: "/" });
};

const MAX_ID = 200;

/** Return the runner with the id in the path. A runner that is no longer listed is named by its id. */
async function runnerOf(board: Pick<Board, "redis">, params: Readonly<Record<string, unknown>>): Promise<RunnerRef> {
  const id = String(params["runner"]).slice(0, MAX_ID);
  return (await readRunners(board.redis)).find((runner) => idOf(runner) === id) ?? { id, name: id };
}
