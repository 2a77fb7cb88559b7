import { stripVTControlCharacters } from "node:util";
import type { LiveEvent } from "./event.ts";

const MAX_BYTES = 2048;
/** Everything below space but tab and line feed, and DEL: no use to a reader, and trouble in a terminal. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Text from outside without terminal codes and other control characters. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, "");
}

/** @returns at most `max` characters, with an ellipsis where something was cut, and no half character. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, Math.max(0, max - 1)).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Cleans and shortens an event until it is at most 2 kB as JSON. */
export function shortenEvent(event: LiveEvent): LiveEvent {
  // Terminal codes are longer than what they leave: some slack before the cleaning, none after it.
  const text = clean(event.text.slice(0, 8 * MAX_BYTES)).trim();
  const tool = event.tool === undefined ? {} : { tool: clip(clean(event.tool), 100) };
  for (let max = MAX_BYTES; ; max = Math.floor(max * 0.8)) {
    const short = { ...event, ...tool, text: clip(text, max) };
    if (max < 10 || Buffer.byteLength(JSON.stringify(short)) <= MAX_BYTES) return short;
  }
}
