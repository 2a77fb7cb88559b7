import { html, type Html } from "../pages/html.ts";
import { entryItem } from "./entry.ts";
import type { ConversationEvent } from "./liveConversation.ts";

/** The conversation, with a link target below it. */
export function conversation(entries: readonly ConversationEvent[]): Html {
  return html`${conversationList(entries)}
    <p class="empty">No output: the agent has not written any yet, or the output of this run is no longer stored.</p>
    <p id="end" tabindex="-1"><a href="#main">Back to top ↑</a></p>`;
}

export function conversationList(entries: readonly ConversationEvent[]): Html {
  return html`<ol id="conversation" class="entries" aria-label="Conversation">
    ${entries.map(({ id, entry }) => entryItem(id, entry))}
  </ol>`;
}
