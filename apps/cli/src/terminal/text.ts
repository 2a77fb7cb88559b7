import { stripVTControlCharacters, styleText } from "node:util";
import { clean } from "@tac8/core/domain/plainText";
import stringWidth from "string-width";

type Format = Parameters<typeof styleText>[0];
export type Paint = (format: Format, text: string) => string;

/** Colours the text, or leaves it as it is where the output takes no colour. */
export function painter(color: boolean): Paint {
  return (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
}

/** On one line and without anything that a terminal would obey: titles and reasons come from strangers. */
export function plain(text: string): string {
  return clean(stripVTControlCharacters(text).replace(/\s+/g, " ")).trim();
}

/** Lines of a text of strangers, each as harmless as `plain` makes it, with their indents. */
export function plainLines(text: string): string[] {
  const spaced = stripVTControlCharacters(text).replaceAll(/\r\n?/g, "\n").replaceAll("\t", "    ");
  const lines = clean(spaced)
    .split("\n")
    .map((line) => line.trimEnd());
  const first = lines.findIndex((line) => line !== "");
  return first === -1 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== "") + 1);
}

/** What a reader takes for one character: a letter with its accents, or an emoji of several joined ones. */
const characters = new Intl.Segmenter();

/** Columns that the text takes in a terminal. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** The text in at most so many columns, its end replaced by `…` where it is longer. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  return columns > 0 ? `${text.slice(0, lengthWithin(text, columns - 1))}…` : "";
}

export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** Words on lines of at most `columns`; a longer word, such as an address, stays whole. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** One line as several of at most `columns`: broken at spaces, and inside a word that has none. */
export function fold(line: string, columns: number): string[] {
  const lines: string[] = [];
  let rest = line;
  for (let head = fitting(rest, columns); head.length < rest.length; head = fitting(rest, columns)) {
    const space = rest[head.length] === " " ? head.length : head.lastIndexOf(" ");
    // A space near the beginning is the indent, or would leave most of the line empty.
    const end = space > head.length / 3 ? space : head.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

/** The beginning that fits, one character at least. */
function fitting(text: string, columns: number): string {
  const [first] = characters.segment(text.slice(0, MAX_CHARACTER));
  return text.slice(0, Math.max(lengthWithin(text, columns), first?.segment.length ?? 0));
}

/** Longer ones, such as a letter with a hundred accents, may be parted. */
const MAX_CHARACTER = 64;
const ASCII = /^[ -~]*$/;

/** Length of the beginning of the text that takes at most so many columns. */
function lengthWithin(text: string, columns: number): number {
  // The character behind may be an accent of the last one.
  if (ASCII.test(text.slice(0, columns + 1))) return Math.min(text.length, columns);
  let width = 0;
  let length = 0;
  // A line may be long: only what can fit is read.
  for (const { segment } of characters.segment(text.slice(0, columns * MAX_CHARACTER))) {
    width += stringWidth(segment);
    if (width > columns) break;
    length += segment.length;
  }
  return length;
}
