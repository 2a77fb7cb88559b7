import { html, type Html } from "../pages/html.ts";
import { entryItem } from "./entry.ts";
import type { Said } from "./talk.ts";

/** What was said, and a place to jump to below it. */
export function conversation(said: readonly Said[]): Html {
  return html`${talkList(said)}
    <p class="empty">Nothing of this run is kept here, or its agent has not said anything yet.</p>
    <p id="end" tabindex="-1"><a href="#main">To the top ↑</a></p>`;
}

export function talkList(said: readonly Said[]): Html {
  return html`<ol id="talk" class="talk" aria-label="Conversation">
    ${said.map(({ id, entry }) => entryItem(id, entry))}
  </ol>`;
}
