import { pauseAll, pauseRunner, resumeAll, resumeRunner } from "@tac8/core/state/pause";
import { planHolds } from "@tac8/core/domain/holds";
import type { Page } from "../board.ts";
import { readInTime } from "../redis/away.ts";
import { answer } from "./answer.ts";
import { whoOf } from "./who.ts";

const REASON = "a person pressed Pause";

export const pauseEverything: Page = async (board, request, response) => {
  const wish = { by: whoOf(request), reason: REASON, now: board.now() };
  const { began } = await readInTime(board.probe, async () => {
    const done = await pauseAll(board.redis, wish);
    // At once, and not only when the scheduler looks.
    await board.queue.pause();
    return done;
  });
  answer(request, response, { said: began ? "paused" : "was-paused", page: "/" });
};

export const resumeEverything: Page = async (board, request, response) => {
  const wish = { by: whoOf(request), now: board.now() };
  const { ended, holds } = await readInTime(board.probe, async () => {
    const done = await resumeAll(board.redis, wish);
    if (!planHolds([...done.holds], board.now()).pauseQueue) await board.queue.resume();
    return done;
  });
  answer(request, response, { said: !ended ? "not-paused" : holds.length > 0 ? "held" : "resumed", page: "/" });
};

export const pauseOneRunner: Page = async (board, request, response) => {
  const wish = { runner: runnerOf(request.params), by: whoOf(request), reason: REASON, now: board.now() };
  const { began } = await readInTime(board.probe, () => pauseRunner(board.redis, wish));
  answer(request, response, { said: began ? "runner-paused" : "was-paused", page: "/" });
};

export const resumeOneRunner: Page = async (board, request, response) => {
  const wish = { runner: runnerOf(request.params), by: whoOf(request) };
  const { there } = await readInTime(board.probe, async () => ({ there: await resumeRunner(board.redis, wish) }));
  answer(request, response, { said: there === null ? "not-paused" : "resumed", page: "/" });
};

const MAX_NAME = 200;

function runnerOf(params: Readonly<Record<string, unknown>>): string {
  return String(params["runner"]).slice(0, MAX_NAME);
}
