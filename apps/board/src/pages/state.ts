import { stateMeaning } from "@tac8/core/domain/states";
import { html, type Html } from "./html.ts";

/** Colour of a state's chip; what is not named here stays grey. */
const TONES: Readonly<Record<string, string>> = {
  running: "active",
  pr: "done",
  answered: "done",
  failed: "failed",
  expired: "failed",
  blocked: "delayed",
  parked: "delayed",
  retrying: "delayed",
  hold: "delayed",
  reply: "delayed",
  allowed: "delayed",
  unexpected: "failed",
  queued: "waiting",
};

/** Words of the event log that are no states. */
const WORDS: Readonly<Record<string, string>> = { unhold: "hold ended" };

/** The chip of a state, or of another word of the event log. */
export function stateChip(state: string): Html {
  return chip(state, null);
}

/** The chip of a page that is about one issue: with the state's meaning as a tooltip. */
export function explainedChip(state: string): Html {
  return chip(state, stateMeaning(state));
}

function chip(state: string, meaning: string | null): Html {
  const title = meaning === null ? "" : html`title="${meaning}"`;
  return html`<span class="chip ${TONES[state] ?? ""}" ${title}>${WORDS[state] ?? state}</span>`;
}
