import { stripVTControlCharacters } from "node:util";

/**
 * Characters that are removed from every text:
 *
 * - control characters except tab and line feed, which terminals execute;
 * - marks that change the direction of text, because they make a text look like another one;
 * - invisible characters (soft hyphens, word joiners, tags), because they hide words from readers that programs see.
 *
 * Joiners of letters and emoji stay, and so does the zero-width space.
 */
export const OBEYED =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/**
 * Return external text without terminal codes and without the characters of `OBEYED`. Every output uses this function: texts for GitHub,
 * notifications, the terminal and the board's pages.
 */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(OBEYED, "");
}

/** Shorten a text to at most `max` characters, without half of a character. It ends in an ellipsis if it was shortened. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${firstOf(text, max - 1)}…`;
}

/** Shorten a text for GitHub: like `clip`, but it ends in the note "[…cut]". */
export function cut(text: string, max: number): string {
  const note = " […cut]";
  return text.length <= max ? text : `${firstOf(text, max - note.length)}${max > 20 ? note : ""}`;
}

function firstOf(text: string, length: number): string {
  return text.slice(0, Math.max(0, length)).replace(/[\ud800-\udbff]$/, "");
}
