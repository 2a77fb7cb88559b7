import { html, type Html } from "../pages/html.ts";
import { entryItem } from "./entry.ts";
import type { Said } from "./talk.ts";

/** What was said, and a place to jump to below it. */
export function conversation(said: readonly Said[]): Html {
  return html`${talkList(said)}
    <p class="empty">No output: the agent has not written any yet, or the output of this run is no longer stored.</p>
    <p id="end" tabindex="-1"><a href="#main">Back to top ↑</a></p>`;
}

export function talkList(said: readonly Said[]): Html {
  return html`<ol id="talk" class="talk" aria-label="Conversation">
    ${said.map(({ id, entry }) => entryItem(id, entry))}
  </ol>`;
}
