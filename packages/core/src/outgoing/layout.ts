/** `[from, to)`, by UTF-16 units. */
export type Range = readonly [from: number, to: number];

/** Which parts of a Markdown text GitHub renders as code. Ranges rise and do not overlap. */
export interface Layout {
  /** Certainly code: nothing in it acts, and it must not be changed. */
  readonly code: readonly Range[];
  /** Raw HTML, or unbalanced backticks: a code span that is added here may not become one. */
  readonly doubtful: readonly Range[];
  /** What closes a fence that is open at the end of the text; null: none is. */
  readonly openFence: string | null;
}

interface Fence {
  readonly from: number;
  readonly mark: string;
  /** `>` signs in front of it. */
  readonly depth: number;
  /** Column of the list item that it is in; 0: in none. */
  readonly indent: number;
}

/** Lines that belong together: code spans and raw HTML end with them. */
interface Block {
  readonly from: number;
  to: number;
  readonly spans: Range[];
  doubtful: boolean;
  /** One of its lines begins with a tag: what follows may be raw HTML up to an empty line. */
  html: boolean;
}

const QUOTE = /^(?: {0,3}> ?)*/;
const FENCE = /^(?:(`{3,})[^`]*|(~{3,}).*)$/;
const ITEM = /^([-*+]|\d{1,9}[.)])([ \t]+|$)/;
const FOOTNOTE = /^\[\^[^\]\s]+\]:/;
const RULE = /^(?:([-*_])[ \t]*)(?:\1[ \t]*){2,}$/;
/** What begins a block of its own, so that its column says which list items it is in. */
const HEADING = /^#{1,6}(?:[ \t]|$)/;
const HTML = /^<[A-Za-z/!?](?!--)/;
/** HTML blocks that an empty line does not end. */
const LONG_HTML = /^<(?:pre|script|style|textarea|[?!](?!--))/i;

/**
 * Finds the code in a Markdown text by CommonMark's rules for fences, indented blocks, quotes, lists and code spans. What
 * these rules leave open for a line alone, such as a code span over two lines, counts as doubtful and not as code.
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
  /** Columns at which the contents of the open list items begin. */
  #items: number[] = [];
  #depth = 0;
  /** An indented line may be code: not after a line of text. */
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
      // A fence, or none: what is code below depends on it.
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
    // A quote and a list item end with the lines that belong to them, and their fences do too.
    const openFence = fence !== null && fence.depth === 0 && fence.indent === 0 ? fence.mark : null;
    return { code: this.#code, doubtful: this.#doubtful, openFence };
  }

  /** @returns false: the quote or list item that the fence was in ended before this line. */
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
      // Open at the end of its list item: rare, and if it is in no item after all, everything below would be code.
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

  /** Follows list items in and out. @returns the column and the words of what the line has in them. */
  #enterItems(rest: string, depth: number): { column: number; words: string } {
    let column = columnOf(rest);
    let words = rest.trimStart();
    const starts = [FENCE, ITEM, RULE, HEADING, HTML].some((pattern) => pattern.test(words));
    // A paragraph's later lines may stand to the left of its item, and outside of its quote.
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
      // More than four columns after the mark are a code block's.
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

/** `clear`: every backtick outside of them is escaped, and nothing else can take one of theirs. */
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
  // A cell of a table ends at a pipe, also within a code span; an HTML tag's attribute may hold a backtick.
  const cells = spans.some(([from, to]) => /(?<!\\)\|/.test(line.slice(from, to)));
  return { spans, clear: !cells && !/<[A-Za-z/!?][^>]*`/.test(outside) };
}

function runAt(line: string, at: number): number {
  let end = at;
  while (line[end] === "`") end += 1;
  return end - at;
}

/** The end of the next run of exactly this many backticks. */
function closing(line: string, from: number, run: number): number | null {
  for (let at = line.indexOf("`", from); at >= 0;) {
    const found = runAt(line, at);
    if (found === run) return at + found;
    at = line.indexOf("`", at + found);
  }
  return null;
}

/** Of the first word. */
function columnOf(line: string): number {
  return advance(/^[ \t]*/.exec(line)?.[0] ?? "", 0);
}

/** The column after blanks that begin at one; a tab continues to the next multiple of four. */
function advance(blanks: string, from: number): number {
  let column = from;
  for (const blank of blanks) column += blank === "\t" ? 4 - (column % 4) : 1;
  return column;
}
