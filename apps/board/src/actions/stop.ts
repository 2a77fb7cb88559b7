import { formatReference, jobIdOf } from "@tac8/core/domain/reference";
import { stopIssue, type StopResult } from "@tac8/core/queue/stop";
import type { Board, Page } from "../services/board.ts";
import { issueOfPath } from "../issue/path.ts";
import { issuePath } from "../pages/issueLink.ts";
import { readInTime } from "../redis/unreachable.ts";
import { answer } from "./answer.ts";
import { askToConfirm, isConfirmed } from "./confirm.ts";
import type { NoticeKey } from "../pages/notices.ts";
import { operatorOf } from "./operator.ts";

/** Return the action that stops an issue. `kill`: kill the agent without an interrupt first. */
function stopPage(kill: boolean): Page {
  return async (board, request, response) => {
    const ref = issueOfPath(board, request);
    const { queue, store, redis, now } = board;
    if (kill && !isConfirmed(request) && (await isRunning(board, jobIdOf(ref)))) {
      const effect = "The agent is killed immediately. Its files are saved to its branch.";
      const back = issuePath(ref);
      const about = formatReference(ref);
      const { csrf } = board.access.keys;
      askToConfirm(request, response, { path: `${back}/stop-now`, text: "Stop now", about, effect, csrf, back });
      return;
    }
    const options = {
      queue,
      store,
      redis,
      jobId: jobIdOf(ref),
      by: operatorOf(request),
      reason: null,
      kill,
      now: now(),
    };
    const result = await readInTime(board.probe, () => stopIssue(options));
    answer(request, response, { notice: noticeOf(result, kill), page: issuePath(ref) });
  };
}

async function isRunning({ probe, queue }: Board, jobId: string): Promise<boolean> {
  const active = await readInTime(probe, async () => ({ is: (await queue.getJobState(jobId)) === "active" }));
  return active.is;
}

export const stopGently = stopPage(false);
export const stopAtOnce = stopPage(true);

function noticeOf({ kind }: StopResult, kill: boolean): NoticeKey {
  switch (kind) {
    case "stopping":
      return kill ? "killing" : "stopping";
    case "stopped":
      return "stopped";
    case "ended":
    case "kept":
      return "ended";
    case "unknown":
      return "not-there";
    case "changed":
      return "moved";
    default:
      return kind satisfies never;
  }
}
