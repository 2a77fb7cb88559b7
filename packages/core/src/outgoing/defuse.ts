import { clean, cut } from "../domain/plainText.ts";
import { layoutOf, type Layout, type Range } from "./layout.ts";

/** Zero-width space: it is invisible, and ends a name, number or word. */
export const BREAK = "\u200b";

const TAG =
  "</?[A-Za-z][A-Za-z0-9-]*(?:\\s{1,20}[A-Za-z_:][A-Za-z0-9_.:-]*(?:\\s{0,20}=\\s{0,20}(?:\"[^\"]*\"|'[^']*'|[^\\s\"'=<>`]+))?){0,20}\\s{0,20}/?>";
const LINK = "(?<!\\\\)\\[[^\\[\\]\\n]*\\]\\([^\\s()<>]*\\)";
/** An address that GitHub turns into a link automatically. */
const ADDRESS = "(?<![^\\s*_~(<\\[])(?:https?|ftp)://[\\w-]+(?:\\.[\\w-]+)+[^\\s<>`()\\[\\]\"',;]*";
const EMAIL = "[\\p{L}\\p{N}._%+-]{1,64}@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+";
/** After the end of one email address, the next `@` may be a mention. */
const CHAIN = "[\\p{L}\\p{N}._%+-]{1,64}(?:@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*){2,}";
const COMMENT = "<!--";
const ENTITY =
  "&(?:#(?<decimal>\\d{1,7})|#[xX](?<hex>[0-9a-fA-F]{1,6})|(?:commat|num|sol|colon|period|lowbar|hyphen|dash)(?=;))";

/** Characters between a closing keyword and its issue: blanks, colons, emphasis, quotes, list marks, brackets, tags, entities. */
const GAP =
  "(?:[\\s:*_~>|\"'()\\[\\]{}\\\\=+\\u200b-\\u200d\\u2060\\ufeff\\u2013\\u2014-]|<[^<>]{0,100}>|&#?\\w{1,12};?){0,60}";
const ISSUE_PATH = "[^\\s<>()`]{1,300}/(?:issues|pulls?|discussions)/\\d";
const ISSUE = `(?:(?:&(?:amp;)?)?#\\d|GH-\\d|[\\w.-]{1,100}(?:/[\\w.-]{1,100})?#\\d|<?${ISSUE_PATH}|[^\\[\\]]{0,300}\\]\\(<?${ISSUE_PATH})`;
/** A closing keyword. The text after it is not changed: without the keyword it is only a link. */
const KEYWORD = `(?<![A-Za-z0-9])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)(?![A-Za-z0-9])(?=${GAP}${ISSUE})`;
const MENTION = "(?<![A-Za-z0-9])@[A-Za-z0-9](?:[A-Za-z0-9_@/.-]*[A-Za-z0-9])?";

const EFFECTS = new RegExp(
  `(?<skip>${TAG}|${LINK}|(?<address>${ADDRESS}))|(?<word>${CHAIN})|(?<email>${EMAIL})|(?<comment>${COMMENT})|(?<entity>${ENTITY})|(?<other>${KEYWORD}|${MENTION})`,
  "giu",
);
const EFFECTS_IN_LINES = new RegExp(
  `(?<skip>${ADDRESS})|(?<word>${CHAIN})|(?<email>${EMAIL})|(?<other>${KEYWORD}|${MENTION}|${COMMENT})`,
  "giu",
);

/** Characters that an entity may hide: letters of a keyword, digits, `@`, `#` and the characters of an address. */
const HIDDEN = /[A-Za-z0-9@#/:._-]/;
// oxlint-disable-next-line no-control-regex
const C1 = /[\u0080-\u009f]/g;

/**
 * Make external Markdown harmless but readable. The result has no effective closing keyword, mention or HTML comment, and no control
 * character, terminal code or change of direction. Code is not changed. An effective text becomes a code span, so that it can be
 * copied. If raw HTML or unbalanced backticks make that uncertain, a zero-width space breaks the text. A second pass changes nothing.
 * A fence that is open at the end is closed.
 * @param max maximum number of UTF-16 units of the result; a longer one is truncated
 */
export function defuse(text: string, max = Number.POSITIVE_INFINITY): string {
  const plain = cleanText(text);
  return fit(plain, max, (part) => {
    const layout = layoutOf(part);
    const fence = layout.openFence === null ? "" : `${part.endsWith("\n") ? "" : "\n"}${layout.openFence}`;
    return edit(part, layout) + fence;
  });
}

/** Make an external text harmless that is not Markdown: a title, a commit message, a label description. Code spans do not work there. */
export function defusePlain(text: string, max = Number.POSITIVE_INFINITY): string {
  return fit(cleanText(text), max, (part) =>
    part.replace(EFFECTS_IN_LINES, (all, ...rest) => (isWord(groupsOf(rest)) ? broken(all) : all)),
  );
}

function cleanText(text: string): string {
  const lines = text.replaceAll(/\r\n?|\u2028|\u2029/g, "\n");
  return clean(lines).replaceAll(C1, "").toWellFormed();
}

/** Return `make(text)`, with the text truncated until the result fits: a harmless or quoted text is longer than the original. */
export function fit(text: string, max: number, make: (part: string) => string): string {
  for (let room = max; ;) {
    const made = make(cut(text, room));
    if (made.length <= max || room <= 0) return made;
    room = Math.min(room - 1, Math.floor((Math.min(room, text.length) * max) / made.length));
  }
}

function edit(text: string, { code, doubtful }: Layout): string {
  let result = "";
  let at = 0;
  for (const [from, to] of [...code, [text.length, text.length] as const]) {
    result += editPiece(text, [at, from], doubtful) + text.slice(from, to);
    at = to;
  }
  return result;
}

/** Edit a piece of text between two pieces of code. */
function editPiece(text: string, [from, to]: Range, doubtful: readonly Range[]): string {
  return text.slice(from, to).replace(EFFECTS, (all, ...rest) => {
    const groups = groupsOf(rest);
    const start = from + Number(rest.at(-3));
    const doubt = doubtful.some(([first, last]) => start >= first && start < last);
    // In raw HTML, GitHub may not turn an address into a link.
    if (groups.address?.includes("@") && doubt) return broken(all);
    if (groups.skip !== undefined || groups.email !== undefined) return all;
    if (groups.comment !== undefined) return doubt ? `<${BREAK}!--` : "&lt;!--";
    if (groups.entity !== undefined) return hides(groups) ? `${doubt ? `&${BREAK}` : "&amp;"}${all.slice(1)}` : all;
    const before = text[start - 1] ?? "";
    const beside = before === "`" || before === "\\" || text[start + all.length] === "`";
    return doubt || beside ? broken(all) : `\`${all}\``;
  });
}

interface Groups {
  readonly skip?: string;
  readonly address?: string;
  readonly email?: string;
  readonly comment?: string;
  readonly entity?: string;
  readonly word?: string;
  readonly other?: string;
  readonly decimal?: string;
  readonly hex?: string;
}

function groupsOf(rest: readonly unknown[]): Groups {
  return rest.at(-1) as Groups;
}

function isWord({ word, other }: Groups): boolean {
  return word !== undefined || other !== undefined;
}

function hides({ decimal, hex }: Groups): boolean {
  if (decimal === undefined && hex === undefined) return true;
  const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
  return code < 128 && HIDDEN.test(String.fromCharCode(code));
}

function broken(word: string): string {
  return word.includes("@")
    ? word.replaceAll(/@(?=[A-Za-z0-9])/g, `@${BREAK}`)
    : `${word.slice(0, 1)}${BREAK}${word.slice(1)}`;
}
