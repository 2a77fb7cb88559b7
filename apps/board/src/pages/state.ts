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

/** Words for people where the state's own name is a technical one. */
const WORDS: Readonly<Record<string, string>> = { pr: "pull request", unhold: "hold over" };

export function stateChip(state: string): Html {
  return html`<span class="chip ${TONES[state] ?? ""}">${WORDS[state] ?? state}</span>`;
}
