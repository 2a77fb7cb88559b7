import { stateMeaning } from "@tac8/core/domain/states";
import { html, type Html } from "./html.ts";

/** Colours of the chips of states. Other states are grey. */
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

/** Labels of event words that are not states. */
const WORDS: Readonly<Record<string, string>> = { unhold: "hold ended" };

/** The chip of a state, or of an event word that is not a state. */
export function stateChip(state: string): Html {
  return chip(state, null);
}

/** The chip of a state on an issue's page, with the meaning of the state as a tooltip. */
export function explainedChip(state: string): Html {
  return chip(state, stateMeaning(state));
}

function chip(state: string, meaning: string | null): Html {
  const title = meaning === null ? "" : html`title="${meaning}"`;
  return html`<span class="chip ${TONES[state] ?? ""}" ${title}>${WORDS[state] ?? state}</span>`;
}
