import { jobIdOf, type IssueRef } from "@tac8/core/domain/reference";
import type { AgentRun } from "@tac8/core/state/issueState";
import type { Board, Page } from "../services/board.ts";
import type { Fragment, Topic } from "../live/hub.ts";
import { readInTime } from "../redis/unreachable.ts";
import { conversationList } from "./conversation.ts";
import { entryItem } from "./entry.ts";
import { issueHead } from "./head.ts";
import { issueOfPath } from "./path.ts";
import { readIssue } from "./issueSnapshot.ts";
import { shownOf, tabs } from "./tabs.ts";
import { newestIn, LiveConversation, type ConversationEvent } from "./liveConversation.ts";

const TICK_MS = 1000;

/** `/issues/…/events`: the head, and the entries of the conversation as they arrive. */
export const issueStream: Page = async (board, request, response) => {
  const ref = issueOfPath(board, request);
  const snapshot = await readInTime(board.probe, () => readIssue(board, ref));
  const { asked } = shownOf(request.query, snapshot);
  const after = Number(request.query["after"]) || 0;
  board.live.watch({ request, response, after }, issueTopic(board, ref, asked));
};

function issueTopic(board: Board, ref: IssueRef, asked: string): Topic {
  const follow = follower(board);
  return {
    key: `issue ${jobIdOf(ref)} ${asked}`,
    every: TICK_MS,
    read: () =>
      readInTime(board.probe, async () => {
        const snapshot = await readIssue(board, ref);
        const shown = shownOf({ show: asked }, snapshot);
        return [
          { id: "head", html: issueHead(snapshot, { apiUrl: board.config.github.api_url }) },
          { id: "tabs", html: tabs(snapshot, shown) },
          ...(shown.run === null ? [] : await follow(shown.run)),
        ];
      }),
  };
}

/** Return a function that reads the next entries of a run. When the run changes, the list on the page is replaced. */
function follower(board: Board): (run: AgentRun) => Promise<readonly Fragment[]> {
  let now: { readonly run: string; readonly live: LiveConversation; fragments: readonly Fragment[] } | null = null;
  return async ({ run, at }) => {
    if (now?.run !== run) now = { run, live: new LiveConversation(board.redis, run), fragments: [] };
    const here = now;
    const began = Date.parse(at) || 0;
    if (await here.live.advance()) here.fragments = here.live.entries.map(fragmentOf);
    // A page that already shows this run needs no new list.
    return [{ id: "conversation", html: conversationList([]), newest: began, version: run }, ...here.fragments];
  };
}

function fragmentOf({ id, entry }: ConversationEvent): Fragment {
  return { id, html: entryItem(id, entry), into: "conversation", newest: newestIn(entry) };
}
