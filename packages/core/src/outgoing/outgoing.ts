import { renderMarker, type Marker } from "../domain/marker.ts";
import { defuse, defusePlain } from "./defuse.ts";

declare const brand: unique symbol;
/** A text that may be sent to GitHub: only the parts that tac8 itself has added have effects. Only this file creates one. */
export type Outgoing = string & { readonly [brand]: true };

/** GitHub's limits, in characters. */
const MAX_TITLE = 256;
const MAX_BODY = 65_536;
const MAX_DESCRIPTION = 100;

export type Redact = (text: string) => string;

/** A comment. `marker` is on the first line, and invisible. */
export interface CommentWords {
  readonly marker: Marker | null;
  readonly text: string;
}

/** The body of a new pull request. */
export interface PullWords {
  /** Number of the one issue that a merge closes. */
  readonly closes: number;
  readonly text: string;
}

/** Additional text for a pull request. The existing text, which users may have edited, is not changed and keeps its effects. */
export interface MoreWords {
  readonly before: string;
  readonly text: string;
}

export function outgoingComment({ marker, text }: CommentWords, redact: Redact): Outgoing {
  return under(marker === null ? "" : `${renderMarker(marker)}\n`, text, redact);
}

export function outgoingPull({ closes, text }: PullWords, redact: Redact): Outgoing {
  return under(`Fixes #${closes}\n\n`, text, redact);
}

export function outgoingAddition({ before, text }: MoreWords, redact: Redact): Outgoing {
  return under(`${before.trimEnd()}\n\n`, text, redact);
}

export function outgoingTitle(text: string, redact: Redact): Outgoing {
  return defusePlain(redact(text).replaceAll(/\s+/g, " ").trim(), MAX_TITLE) as Outgoing;
}

export function outgoingDescription(text: string, redact: Redact): Outgoing {
  return defusePlain(redact(text), MAX_DESCRIPTION) as Outgoing;
}

/** Return the message of a commit by tac8. When the commit is merged, the message has the same effects as the text of a pull request. */
export function commitMessage(text: string): Outgoing {
  return defusePlain(text) as Outgoing;
}

function under(head: string, text: string, redact: Redact): Outgoing {
  return (head + defuse(redact(text), MAX_BODY - head.length)) as Outgoing;
}
