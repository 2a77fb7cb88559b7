import { stripVTControlCharacters, styleText } from "node:util";
import { clean } from "@tac8/core/domain/plainText";
import stringWidth from "fast-string-width";

type Format = Parameters<typeof styleText>[0];
export type Paint = (format: Format, text: string) => string;

/** Return a function that colours text, or returns it unchanged if the output does not support colours. */
export function painter(color: boolean): Paint {
  return (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
}

/** Return a text on one line, without terminal control codes, because titles and reasons come from strangers. */
export function plain(text: string): string {
  return clean(stripVTControlCharacters(text).replace(/\s+/g, " ")).trim();
}

/** Return the lines of a text from strangers, each cleaned as by `plain`, with their indentation. */
export function plainLines(text: string): string[] {
  const spaced = stripVTControlCharacters(text).replaceAll(/\r\n?/g, "\n").replaceAll("\t", "    ");
  const lines = clean(spaced)
    .split("\n")
    .map((line) => line.trimEnd());
  const first = lines.findIndex((line) => line !== "");
  return first === -1 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== "") + 1);
}

let segmenter: Intl.Segmenter | undefined;

/** Split a text into graphemes, such as a letter with its accents, or a joined emoji. */
function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(); // It costs 10 ms, which most commands never need.
  return segmenter.segment(text);
}

/** Return the number of columns of a text in a terminal. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Shorten a text to at most `columns` columns, ending in `…`. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  return columns > 0 ? `${text.slice(0, lengthWithin(text, columns - 1))}…` : "";
}

export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** Wrap a text between words, in lines of at most `columns` columns. A longer word, such as an address, is not broken. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Break a line into lines of at most `columns` columns, at spaces or, in a long word, anywhere. */
export function fold(line: string, columns: number): string[] {
  const lines: string[] = [];
  let rest = line;
  for (let head = fitting(rest, columns); head.length < rest.length; head = fitting(rest, columns)) {
    const space = rest[head.length] === " " ? head.length : head.lastIndexOf(" ");
    // A space near the start is part of the indentation, or would leave most of the line empty.
    const end = space > head.length / 3 ? space : head.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

/** Return the start of a text that fits, at least one character. */
function fitting(text: string, columns: number): string {
  const [first] = graphemes(text.slice(0, MAX_CHARACTER));
  return text.slice(0, Math.max(lengthWithin(text, columns), first?.segment.length ?? 0));
}

/** Maximum length of a grapheme. Longer ones, such as a letter with a hundred accents, may be split. */
const MAX_CHARACTER = 64;
const ASCII = /^[ -~]*$/;

/** Return the length of the start of a text that fits in `columns` columns. */
function lengthWithin(text: string, columns: number): number {
  // One more character is checked, because it may be an accent of the last one.
  if (ASCII.test(text.slice(0, columns + 1))) return Math.min(text.length, columns);
  let width = 0;
  let length = 0;
  // A line may be long, so only the part that can fit is read.
  for (const { segment } of graphemes(text.slice(0, columns * MAX_CHARACTER))) {
    width += stringWidth(segment);
    if (width > columns) break;
    length += segment.length;
  }
  return length;
}
