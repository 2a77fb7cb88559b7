/** Range `[from, to)` in UTF-16 units. */
export type Range = readonly [from: number, to: number];

/** The parts of a Markdown text that GitHub renders as code. Ranges are sorted and do not overlap. */
export interface Layout {
  /** Text that is certainly code: it has no effects, and must not be changed. */
  readonly code: readonly Range[];
  /** Text with raw HTML or unbalanced backticks, in which an added code span may not work. */
  readonly doubtful: readonly Range[];
  /** The line that closes a fence that is open at the end of the text; null: no fence is open. */
  readonly openFence: string | null;
}

interface Fence {
  readonly from: number;
  readonly mark: string;
  /** Number of `>` signs before it. */
  readonly depth: number;
  /** Column of its list item; 0: it is not in a list item. */
  readonly indent: number;
}

/** Consecutive lines of a block. Code spans and raw HTML end with the block. */
interface Block {
  readonly from: number;
  to: number;
  readonly spans: Range[];
  doubtful: boolean;
  /** Whether one of its lines begins with a tag: the rest may be raw HTML up to an empty line. */
  html: boolean;
}

const QUOTE = /^(?: {0,3}> ?)*/;
const FENCE = /^(?:(`{3,})[^`]*|(~{3,}).*)$/;
const ITEM = /^([-*+]|\d{1,9}[.)])([ \t]+|$)/;
const FOOTNOTE = /^\[\^[^\]\s]+\]:/;
const RULE = /^(?:([-*_])[ \t]*)(?:\1[ \t]*){2,}$/;
/** A heading begins a new block, so its column shows its list items. */
const HEADING = /^#{1,6}(?:[ \t]|$)/;
const HTML = /^<[A-Za-z/!?](?!--)/;
/** HTML blocks that an empty line does not end. */
const LONG_HTML = /^<(?:pre|script|style|textarea|[?!](?!--))/i;

/**
 * Find the code in a Markdown text by CommonMark's rules for fences, indented blocks, quotes, lists and code spans. Text that cannot be
 * decided line by line, such as a code span over two lines, counts as doubtful and not as code.
 */
export function layoutOf(text: string): Layout {
  const reader = new Reader();
  let from = 0;
  for (const line of text.split("\n")) {
    reader.line(line, from);
    from += line.length + 1;
  }
  return reader.end(text.length);
}

class Reader {
  readonly #code: Range[] = [];
  readonly #doubtful: Range[] = [];
  #fence: Fence | null = null;
  #block: Block | null = null;
  /** Columns at which the content of the open list items begins. */
  #items: number[] = [];
  #depth = 0;
  /** Whether an indented line may be code: it is not after a line of text. */
  #indented = true;
  #doubtFrom: number | null = null;

  line(line: string, from: number): void {
    if (this.#doubtFrom !== null) return;
    if (this.#fence !== null && this.#inFence(this.#fence, line, from)) return;
    const quote = QUOTE.exec(line)?.[0] ?? "";
    const rest = line.slice(quote.length);
    if (rest.trim() === "") {
      this.#endBlock();
      this.#indented = true;
      return;
    }
    const depth = quote.split(">").length - 1;
    const { column, words } = this.#enterItems(rest, depth);
    const inner = this.#items.at(-1) ?? 0;
    const fence = column - inner <= 3 ? FENCE.exec(words) : null;
    const mark = fence?.[1] ?? fence?.[2];
    if (mark !== undefined && this.#block?.html === true) {
      // It is uncertain whether this is a fence, and all code below depends on that.
      this.#doubtFrom = this.#block.from;
      this.#block = null;
      return;
    }
    if (mark !== undefined) {
      this.#endBlock();
      this.#fence = { from, mark, depth, indent: inner };
      return;
    }
    if (this.#indented && inner === 0 && column >= 4) {
      this.#code.push([from, from + line.length]);
      return;
    }
    this.#indented = false;
    if (LONG_HTML.test(words)) {
      this.#doubtFrom = this.#block?.from ?? from;
      this.#block = null;
      return;
    }
    this.#text(line, from, HTML.test(words));
  }

  end(length: number): Layout {
    this.#endBlock();
    if (this.#doubtFrom !== null) this.#doubtful.push([this.#doubtFrom, length]);
    const fence = this.#fence;
    if (fence !== null) this.#code.push([fence.from, length]);
    // A quote or a list item ends with its lines, and so do its fences.
    const openFence = fence !== null && fence.depth === 0 && fence.indent === 0 ? fence.mark : null;
    return { code: this.#code, doubtful: this.#doubtful, openFence };
  }

  /** Read a line inside a fence. @returns false: the quote or list item of the fence ended before this line */
  #inFence(fence: Fence, line: string, from: number): boolean {
    let rest = line;
    for (let depth = 0; depth < fence.depth; depth += 1) {
      const blank = /^ {0,3}> ?/.exec(rest)?.[0];
      if (blank === undefined) return this.#endFence(fence, from);
      rest = rest.slice(blank.length);
    }
    if (rest.trim() === "") return true;
    const column = columnOf(rest);
    if (column < fence.indent) {
      // The fence is open at the end of its list item, which is rare. If it is not in a list item, all text below would be code.
      this.#doubtFrom = fence.from;
      this.#fence = null;
      return true;
    }
    const words = rest.trim();
    const closes = words.length >= fence.mark.length && words === (fence.mark[0] ?? "").repeat(words.length);
    if (closes && column - fence.indent <= 3) this.#endFence(fence, from + line.length);
    return true;
  }

  #endFence(fence: Fence, to: number): false {
    this.#code.push([fence.from, to]);
    this.#fence = null;
    this.#indented = true;
    return false;
  }

  /** Enter and leave list items. @returns the column and the text of the line inside them */
  #enterItems(rest: string, depth: number): { column: number; words: string } {
    let column = columnOf(rest);
    let words = rest.trimStart();
    const starts = [FENCE, ITEM, RULE, HEADING, HTML].some((pattern) => pattern.test(words));
    // Later lines of a paragraph may be to the left of its list item, and outside of its quote.
    if (this.#block === null || starts) {
      this.#items = depth === this.#depth ? this.#items.filter((item) => item <= column) : [];
      this.#depth = depth;
    }
    if (FOOTNOTE.test(words)) this.#items.push(column + 4);
    if (RULE.test(words)) return { column, words };
    for (let item = ITEM.exec(words); item !== null; item = ITEM.exec(words)) {
      if (column - (this.#items.at(-1) ?? 0) > 3) break;
      const [, mark = "", gap = ""] = item;
      const inside = column + mark.length;
      const after = advance(gap, inside);
      // More than four columns after the mark begin a code block.
      this.#items.push(after - inside > 4 || gap === "" ? inside + 1 : after);
      words = words.slice(item[0].length);
      column = after;
    }
    return { column, words };
  }

  #text(line: string, from: number, html: boolean): void {
    this.#block ??= { from, to: from, spans: [], doubtful: false, html: false };
    const block = this.#block;
    block.to = from + line.length;
    const { spans, clear } = codeSpans(line);
    block.spans.push(...spans.map(([start, end]): Range => [from + start, from + end]));
    if (html) block.html = true;
    if (html || !clear) block.doubtful = true;
  }

  #endBlock(): void {
    const block = this.#block;
    this.#block = null;
    if (block === null) return;
    if (block.doubtful) this.#doubtful.push([block.from, block.to]);
    else this.#code.push(...block.spans);
  }
}

/** Return the code spans of a line. `clear`: every other backtick is escaped, and no other syntax can use one of theirs. */
function codeSpans(line: string): { spans: Range[]; clear: boolean } {
  const spans: Range[] = [];
  let outside = "";
  for (let at = 0; at < line.length;) {
    if (line[at] === "\\") {
      outside += line.slice(at, at + 2).replace("`", "'");
      at += 2;
      continue;
    }
    if (line[at] !== "`") {
      outside += line[at];
      at += 1;
      continue;
    }
    const run = runAt(line, at);
    const close = closing(line, at + run, run);
    if (close === null) return { spans, clear: false };
    spans.push([at, close]);
    outside += "`";
    at = close;
  }
  // A table cell ends at a pipe, also inside a code span. An attribute of an HTML tag may contain a backtick.
  const cells = spans.some(([from, to]) => /(?<!\\)\|/.test(line.slice(from, to)));
  return { spans, clear: !cells && !/<[A-Za-z/!?][^>]*`/.test(outside) };
}

function runAt(line: string, at: number): number {
  let end = at;
  while (line[end] === "`") end += 1;
  return end - at;
}

/** Return the end of the next sequence of exactly `run` backticks; null: there is none. */
function closing(line: string, from: number, run: number): number | null {
  for (let at = line.indexOf("`", from); at >= 0;) {
    const found = runAt(line, at);
    if (found === run) return at + found;
    at = line.indexOf("`", at + found);
  }
  return null;
}

/** Return the column of the first word. */
function columnOf(line: string): number {
  return advance(/^[ \t]*/.exec(line)?.[0] ?? "", 0);
}

/** Return the column after blanks that begin at column `from`. A tab continues to the next multiple of four. */
function advance(blanks: string, from: number): number {
  let column = from;
  for (const blank of blanks) column += blank === "\t" ? 4 - (column % 4) : 1;
  return column;
}
