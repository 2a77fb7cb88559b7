import type { Entry, Kind } from "../../files/files.ts";

const LETTERS: Readonly<Record<Kind, string>> = { file: "f", folder: "d", link: "l", other: "o" };
const KINDS = new Map(Object.entries(LETTERS).map(([kind, letter]) => [letter.charCodeAt(0), kind as Kind]));

/** Encode each entry as a letter for its kind, its name, and a NUL. */
export function encodeEntries(entries: readonly Entry[]): Buffer {
  return Buffer.from(entries.map(({ kind, name }) => `${LETTERS[kind]}${name}\0`).join(""));
}

/** Return null for any other bytes, for more than `max` entries, and for a name that no file can have. */
export function decodeEntries(bytes: Buffer, max: number): Entry[] | null {
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    const kind = KINDS.get(bytes[at] ?? 0);
    if (end < 0 || kind === undefined || entries.length >= max) return null;
    const name = bytes.toString("utf8", at + 1, end);
    if (!isPlainName(name)) return null;
    entries.push({ name, kind });
    at = end + 1;
  }
  return entries;
}

function isPlainName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/");
}
