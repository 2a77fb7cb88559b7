import { renderMarker, type Marker } from "../domain/marker.ts";
import { defuse, defusePlain } from "./defuse.ts";

declare const brand: unique symbol;
/** A text that may be sent to GitHub: nothing in it acts but what tac8 itself has put there. Only this file makes one. */
export type Outgoing = string & { readonly [brand]: true };

/** GitHub's own limits, in characters. */
const MAX_TITLE = 256;
const MAX_BODY = 65_536;
const MAX_DESCRIPTION = 100;

export type Redact = (text: string) => string;

/** A comment. `marker` is on its first line, and invisible. */
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

/** More text for a pull request. People may have edited what is there: it stays as it is, and what they wrote acts. */
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

/** The message of a commit that tac8 makes: once merged it acts as a pull request's text does. */
export function commitMessage(text: string): Outgoing {
  return defusePlain(text) as Outgoing;
}

function under(head: string, text: string, redact: Redact): Outgoing {
  return (head + defuse(redact(text), MAX_BODY - head.length)) as Outgoing;
}
