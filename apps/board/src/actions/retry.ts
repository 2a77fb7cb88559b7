import { jobIdOf } from "@tac8/core/domain/reference";
import { retryIssue, type RetryAnswer } from "@tac8/core/queue/retry";
import type { Page } from "../board.ts";
import { issueOfPath } from "../issue/path.ts";
import { issuePath } from "../pages/issueLink.ts";
import { readInTime } from "../redis/away.ts";
import { answer } from "./answer.ts";
import type { NoticeKey } from "./notices.ts";
import { whoOf } from "./who.ts";

export const retryAgain: Page = async (board, request, response) => {
  const ref = issueOfPath(board, request);
  const { queue, store, now } = board;
  const wish = { queue, store, jobId: jobIdOf(ref), by: whoOf(request), now: now() };
  const result = await readInTime(board.probe, () => retryIssue(wish));
  answer(request, response, { said: saidOf(result), page: issuePath(ref) });
};

function saidOf(result: RetryAnswer): NoticeKey {
  switch (result.kind) {
    case "queued":
      return "retried";
    case "waiting":
      return result.later ? "later" : "waits";
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
