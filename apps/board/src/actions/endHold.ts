import { BUDGET_HOLD } from "@tac8/core/domain/budget";
import { OPERATOR, planHolds, endsWithProbe } from "@tac8/core/domain/holds";
import { holdWords } from "@tac8/core/domain/holdWords";
import { wakeJobsOfEndedHolds } from "@tac8/core/queue/wake";
import { endHold } from "@tac8/core/state/pause";
import type { Page } from "../services/board.ts";
import { readInTime } from "../redis/unreachable.ts";
import { answer } from "./answer.ts";
import { askToConfirm, isConfirmed } from "./confirm.ts";
import type { NoticeKey } from "../pages/notices.ts";
import { operatorOf } from "./operator.ts";

const MAX_NAME = 300;

/** End the named hold, and wake the jobs that wait for it. */
export const endOneHold: Page = async (board, request, response) => {
  const name = String(request.params["hold"]).slice(0, MAX_NAME);
  const { redis, queue, now } = board;
  if (name === BUDGET_HOLD && !isConfirmed(request)) {
    const effect = "Today's limits of cost and agent runs do not apply until midnight.";
    const path = `/holds/${encodeURIComponent(name)}/end`;
    const { csrf } = board.access.keys;
    askToConfirm(request, response, { path, text: "Try now", about: "the budget", effect, csrf, back: "/" });
    return;
  }
  const { notice } = await readInTime(board.probe, async (): Promise<{ readonly notice: NoticeKey }> => {
    if (!holdWords(name).byHand) return { notice: "by-itself" };
    const { ended, holds } = await endHold(redis, { name, by: operatorOf(request), now: now() });
    await wakeJobsOfEndedHolds({ redis, queue, now: now() });
    const { pauseQueue } = planHolds([...holds], now());
    if (!pauseQueue && !endsWithProbe(name)) await queue.resume();
    if (!ended) return { notice: name === OPERATOR ? "not-paused" : "no-hold" };
    return { notice: pauseQueue ? "held" : "tried" };
  });
  answer(request, response, { notice, page: "/" });
};
