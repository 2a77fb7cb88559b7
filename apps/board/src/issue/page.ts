import { jobIdOf } from "@tac8/core/domain/reference";
import { diffKey } from "@tac8/core/state/keys";
import { noticeOf } from "../pages/notices.ts";
import type { Board, Page } from "../services/board.ts";
import { html, type Html } from "../pages/html.ts";
import { issuePath } from "../pages/issueLink.ts";
import { layout } from "../pages/layout.ts";
import { readInTime } from "../redis/unreachable.ts";
import { conversation } from "./conversation.ts";
import { diffView } from "./diff.ts";
import { issueHead, titleOf } from "./head.ts";
import { issueOfPath } from "./path.ts";
import { readIssue, type IssueSnapshot } from "./issueSnapshot.ts";
import { shownOf, tabs, type Shown } from "./tabs.ts";
import { newestIn, LiveConversation } from "./liveConversation.ts";

const REFRESH_SECONDS = 10;

/** `/issues/<owner>/<repo>/<number>`: the status of the issue and the conversation with its agent, live. */
export const issuePage: Page = async (board, request, response) => {
  const ref = issueOfPath(board, request);
  const { snapshot, shown, content } = await readInTime(board.probe, async () => {
    const snapshot = await readIssue(board, ref);
    const shown = shownOf(request.query, snapshot);
    return { snapshot, shown, content: await contentOf(board, snapshot, shown) };
  });
  const body = html`${issueHead(snapshot, { apiUrl: board.config.github.api_url })} ${tabs(snapshot, shown)}
  ${content.body}`;
  const query = new URLSearchParams({ show: shown.asked, after: String(content.newest) });
  const page = {
    title: `#${ref.number} ${titleOf(snapshot)}`,
    body,
    csrf: board.access.keys.csrf,
    live: `${issuePath(ref)}/events?${query.toString()}`,
    refresh: snapshot.live === null ? null : REFRESH_SECONDS,
    notice: noticeOf(request),
  };
  response.type("html").send(layout(page).text);
};

interface Content {
  readonly body: Html;
  /** Time of the newest event in the body, in epoch ms. */
  readonly newest: number;
}

async function contentOf(board: Board, { ref }: IssueSnapshot, { asked, run }: Shown): Promise<Content> {
  if (asked === "diff") {
    const diff = await board.redis.get(diffKey(jobIdOf(ref)));
    return {
      body: diff === null ? html`<p class="empty">The diff is no longer stored.</p>` : diffView(diff),
      newest: 0,
    };
  }
  if (run === null) return { body: conversation([]), newest: 0 };
  const live = new LiveConversation(board.redis, run.run);
  await live.advance();
  const { entries } = live;
  const began = Date.parse(run.at) || 0;
  return {
    body: conversation(entries),
    newest: entries.reduce((latest, { entry }) => Math.max(latest, newestIn(entry)), began),
  };
}
