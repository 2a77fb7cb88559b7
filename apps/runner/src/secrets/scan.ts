import { lintSource } from "@secretlint/core";
import { creator } from "@secretlint/secretlint-rule-preset-recommend";
import { AddedReader } from "./added.ts";
import { KnownSearch, KnownValues } from "./known.ts";
import type { Result, ScanRequest } from "./protocol.ts";
import { Results } from "./results.ts";

const PRESET = "@secretlint/secretlint-rule-preset-recommend";
const CONFIG = { rules: [{ id: PRESET, rule: creator }] };
/** Longest line for the rules, because the time of some rules grows with the square of a line's length. */
const MAX_LINE = 2000;
/** Overlap of pieces. It is longer than any token, so that each token is complete in one of the pieces. */
const OVERLAP = 500;
/** Characters that the rules get at once, of one or several files, because each call costs time and memory. */
const MAX_PIECE = 1_000_000;
/** Limit of the text for the rules. Longer text is only searched for known values. */
const MAX_TEXT = 32 * 1024 * 1024;
const MAX_LINES = 1_500_000;
/** Maximum number of bytes of removed lines that are kept for one commit. */
const MAX_REMOVED = 16 * 1024 * 1024;

interface Line {
  readonly where: string;
  readonly number: number;
  readonly text: string;
  /** Whether the commit has removed the same line elsewhere. */
  isMoved: boolean;
}

/**
 * Search of texts and added lines for secrets. Known values are searched for while the text arrives, however long it is. Patterns
 * are searched for afterwards, in the kept part of the text.
 */
export class Scan {
  readonly #request: ScanRequest;
  readonly #known: KnownValues;
  readonly #found: Results;
  readonly #search: KnownSearch;
  readonly #reader: AddedReader;
  /** Lines for the patterns; null if there is too much text. */
  #lines: Line[] | null = [];
  #size = 0;
  /** The part of a long line that has arrived. */
  #begun = "";
  #where = "";
  /** State of the current commit: the position of its first line, and the lines that it removes. */
  #commit = { from: 0, removed: new Set<string>(), size: 0 };

  constructor(request: ScanRequest) {
    this.#request = request;
    this.#known = new KnownValues(request.known.map(({ value }) => value));
    this.#found = new Results(request.salt);
    this.#search = new KnownSearch(this.#known, (index, line) => {
      const { value, isStrong } = request.known[index] ?? { value: "", isStrong: true };
      this.#found.add({ where: this.#where, line, rule: "a secret of this tac8", isCertain: isStrong }, value);
    });
    for (const { name, text } of request.texts) {
      this.#begin(name);
      for (const [index, line] of text.split("\n").entries()) this.#add(index + 1, Buffer.from(line), true);
    }
    this.#nextCommit();
    this.#reader = new AddedReader({
      commit: () => this.#nextCommit(),
      file: (path) => {
        this.#begin(this.#known.isIn(path) ? "a file's name" : path);
        this.#search.add(1, Buffer.from(path)); // The name is published too.
      },
      added: (number, bytes, isEnd) => this.#add(number, bytes, isEnd),
      removed: (bytes) => this.#remove(bytes),
    });
  }

  /** Add the next bytes of `git log --patch --cc`. */
  push(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  /** Return the locations of known values. Called after the last bytes. */
  known(): Result {
    this.#reader.finish();
    this.#nextCommit();
    this.#search.end();
    return this.#found.result();
  }

  /** Return the locations that match a pattern, or null if the text is too long. The search may need hours, or all of the memory. */
  async patterns(): Promise<Result | null> {
    if (this.#lines === null) return null;
    const found = new Results(this.#request.salt);
    for (const piece of pieces(this.#lines)) await findPatterns(piece, found);
    return found.result();
  }

  #begin(where: string): void {
    this.#search.end();
    this.#where = where;
  }

  #add(number: number, bytes: Buffer, isEnd: boolean): void {
    this.#search.add(number, bytes);
    if (this.#lines === null) return;
    this.#size += bytes.length;
    if (this.#size > MAX_TEXT || this.#lines.length > MAX_LINES) {
      this.#lines = null;
      this.#begun = "";
      return;
    }
    this.#begun += bytes.toString("utf8");
    if (!isEnd) return;
    this.#lines.push({ where: this.#where, number, text: this.#begun, isMoved: false });
    this.#begun = "";
  }

  #remove(bytes: Buffer): void {
    this.#commit.size += bytes.length;
    if (this.#lines !== null && this.#commit.size <= MAX_REMOVED) this.#commit.removed.add(bytes.toString("utf8"));
  }

  /**
   * Mark the lines that the commit removes elsewhere, for example in a renamed file. Such a line is in a parent of the commit, so it is
   * already published, or is searched in the commit that adds it.
   */
  #nextCommit(): void {
    const { from, removed } = this.#commit;
    const lines = removed.size === 0 ? [] : (this.#lines?.slice(from) ?? []);
    for (const line of lines) line.isMoved = removed.has(line.text);
    this.#commit = { from: this.#lines?.length ?? 0, removed: new Set(), size: 0 };
  }
}

async function findPatterns(piece: readonly Line[], found: Results): Promise<void> {
  // A comment in a file must not disable the rules.
  const content = piece.map(({ text }) => text.replaceAll(/secretlint-/gi, "secretlint_")).join("\n");
  const { messages } = await lintSource({
    source: { content, filePath: "added.txt", ext: ".txt", contentType: "text" },
    options: { config: CONFIG, maskSecrets: true, noPhysicFilePath: true },
  });
  for (const { ruleId, loc, range } of messages) {
    const rule = ruleId.replace("@secretlint/secretlint-rule-", "");
    if (piece.slice(loc.start.line - 1, loc.end.line).every(({ isMoved }) => isMoved)) continue;
    const line = piece[loc.start.line - 1];
    const place = { where: line?.where ?? "a file", line: line?.number ?? null };
    found.add({ ...place, rule, isCertain: false }, content.slice(range[0], range[1]));
  }
}

function* pieces(lines: readonly Line[]): Generator<readonly Line[]> {
  let piece: Line[] = [];
  let size = 0;
  for (const { text, ...place } of lines) {
    // In UTF-16 a zero byte is beside each letter. In other text zero bytes separate words.
    for (const whole of text.includes("\0") ? [text, text.replaceAll("\0", "")] : [text]) {
      for (let from = 0; from === 0 || from + OVERLAP < whole.length; from += MAX_LINE - OVERLAP) {
        const part = whole.slice(from, from + MAX_LINE);
        piece.push({ ...place, text: part });
        size += part.length + 1;
      }
    }
    if (size < MAX_PIECE) continue;
    yield piece;
    // A key of several lines may begin at the end of this piece.
    piece = piece.slice(-100);
    size = 0;
  }
  if (piece.length > 0) yield piece;
}
