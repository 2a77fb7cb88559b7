import { jobIdOf } from "@tac8/core/domain/reference";
import { stopIssue, type StopAnswer } from "@tac8/core/queue/stop";
import type { Page } from "../board.ts";
import { issueOfPath } from "../issue/path.ts";
import { issuePath } from "../pages/issueLink.ts";
import { readInTime } from "../redis/away.ts";
import { answer } from "./answer.ts";
import type { NoticeKey } from "./notices.ts";
import { whoOf } from "./who.ts";

/** `kill`: without an interrupt first. */
function stopPage(kill: boolean): Page {
  return async (board, request, response) => {
    const ref = issueOfPath(board, request);
    const { queue, store, redis, now } = board;
    const wish = { queue, store, redis, jobId: jobIdOf(ref), by: whoOf(request), reason: null, kill, now: now() };
    const result = await readInTime(board.probe, () => stopIssue(wish));
    answer(request, response, { said: saidOf(result, kill), page: issuePath(ref) });
  };
}

export const stopGently = stopPage(false);
export const stopAtOnce = stopPage(true);

function saidOf({ kind }: StopAnswer, kill: boolean): NoticeKey {
  switch (kind) {
    case "stopping":
      return kill ? "killing" : "stopping";
    case "stopped":
      return "stopped";
    case "ended":
      return "ended";
    case "unknown":
      return "not-there";
    case "changed":
      return "moved";
    default:
      return kind satisfies never;
  }
}
