import { stripVTControlCharacters } from "node:util";

/**
 * Control characters but tab and line feed: no use to a reader, and trouble in a terminal. What turns the direction of a text
 * shows it, and what is beside it, as other than it is. Signs that no font shows (soft hyphens, joiners of words, tags) hide
 * words from people that programs read. Joiners of letters and emoji stay, and so does the space without a width.
 */
export const OBEYED =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/**
 * Text from outside without terminal codes, other control characters, what turns its direction, and what nobody sees. Every
 * way out uses it: texts for GitHub, notifications, the terminal and the board's pages.
 */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(OBEYED, "");
}

/** @returns at most `max` characters, with an ellipsis where something was cut, and no half character. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${firstOf(text, max - 1)}…`;
}

/** As `clip`, for texts that people read on GitHub: a note says that something was cut. */
export function cut(text: string, max: number): string {
  const note = " […cut]";
  return text.length <= max ? text : `${firstOf(text, max - note.length)}${max > 20 ? note : ""}`;
}

function firstOf(text: string, length: number): string {
  return text.slice(0, Math.max(0, length)).replace(/[\ud800-\udbff]$/, "");
}
