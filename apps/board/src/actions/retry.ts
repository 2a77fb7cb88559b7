import { formatReference, jobIdOf } from "@tac8/core/domain/reference";
import { endedWell } from "@tac8/core/domain/states";
import { retryIssue, type RetryResult } from "@tac8/core/queue/retry";
import type { Board, Page } from "../services/board.ts";
import { issueOfPath } from "../issue/path.ts";
import { issuePath } from "../pages/issueLink.ts";
import { readInTime } from "../redis/unreachable.ts";
import { answer } from "./answer.ts";
import { askToConfirm, isConfirmed } from "./confirm.ts";
import type { NoticeKey } from "../pages/notices.ts";
import { operatorOf } from "./operator.ts";

export const retryAgain: Page = async (board, request, response) => {
  const ref = issueOfPath(board, request);
  const { queue, redis, store, now } = board;
  const back = issuePath(ref);
  if (!isConfirmed(request) && (await hasSucceeded(board, jobIdOf(ref)))) {
    const effect = "The issue has a pull request or an answer. A retry starts another paid agent run.";
    askToConfirm(request, response, {
      path: `${back}/retry`,
      text: "Retry",
      about: formatReference(ref),
      effect,
      csrf: board.access.keys.csrf,
      back,
    });
    return;
  }
  const options = { queue, redis, store, jobId: jobIdOf(ref), by: operatorOf(request), now: now() };
  const result = await readInTime(board.probe, () => retryIssue(options));
  answer(request, response, { notice: noticeOf(result), page: back });
};

async function hasSucceeded({ probe, store }: Board, jobId: string): Promise<boolean> {
  const { state } = await readInTime(probe, () => store.read(jobId));
  return endedWell(state);
}

function noticeOf(result: RetryResult): NoticeKey {
  switch (result.kind) {
    case "queued":
      return "retried";
    case "waiting":
      return result.held === null ? "waits" : "waits-held";
    case "now":
      return result.held === null ? "now" : "now-held";
    case "stopping":
      return "being-stopped";
    case "running":
      return "runs";
    case "blocked":
      return "blocked";
    case "unknown":
      return "not-there";
    case "changed":
      return "moved";
    default:
      return result satisfies never;
  }
}
