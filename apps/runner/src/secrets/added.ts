const HUNK = /^(@{2,})(?: -\d+(?:,\d+)?)+ \+(\d+)(?:,(\d+))? @{2,}/;
const LINE_END = 10;
/** A longer line is passed on in parts. The limit exceeds any header, because paths have at most 4096 bytes. */
const MAX_PART = 256 * 1024;
const [PLUS, MINUS, BLANK, BACKSLASH] = [43, 45, 32, 92];

/** Receiver of the changes of commits. The bytes are valid only during the call. */
export interface AddedSink {
  /** Called at the beginning of a commit. */
  commit(): void;
  /** Called at the beginning of a file of a commit. */
  file(path: string): void;
  /** Called with an added line, or a part of a long one. `number` is the line's number in the file of the commit. */
  added(number: number, bytes: Buffer, isEnd: boolean): void;
  /** Called with a line that the commit removes from one of its parents. Very long lines are left out. */
  removed(bytes: Buffer): void;
}

/**
 * Parser of added and removed lines in the output of `git log --patch --cc --format="commit %H"`. It reads chunks, with bounded memory.
 * A merge adds the lines that none of its parents has. An agent chooses names and contents, so headers count only outside a hunk.
 */
export class AddedReader {
  readonly #sink: AddedSink;
  #carry: Buffer = Buffer.alloc(0);
  #path: string | null = null;
  #parents = 0;
  #number = 0;
  /** Kind of the long line that is being read; null at the beginning of a line. */
  #within: "added" | "removed" | "skipped" | null = null;

  constructor(sink: AddedSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
      this.#part(bytes.subarray(from, end), true);
      from = end + 1;
    }
    this.#carry = bytes.subarray(from);
    if (this.#carry.length <= MAX_PART) return;
    this.#part(this.#carry, false);
    this.#carry = Buffer.alloc(0);
  }

  #part(bytes: Buffer, isEnd: boolean): void {
    const begins = this.#within === null;
    this.#within ??= this.#begin(bytes);
    if (this.#within === "added") {
      const text = begins ? bytes.subarray(this.#parents) : bytes;
      this.#sink.added(this.#number, text, isEnd);
    }
    if (this.#within === "removed" && begins && isEnd) this.#sink.removed(bytes.subarray(this.#parents));
    if (!isEnd) return;
    if (this.#within === "added") this.#number += 1;
    this.#within = null;
  }

  #begin(bytes: Buffer): "added" | "removed" | "skipped" {
    const [first] = bytes;
    if (this.#parents > 0 && (first === BLANK || first === PLUS || first === BACKSLASH || first === MINUS)) {
      const signs = bytes.subarray(0, this.#parents);
      if (signs.every((mark) => mark === PLUS)) return "added";
      if (signs.includes(MINUS)) return "removed";
      if (first !== BACKSLASH) this.#number += 1;
      return "skipped";
    }
    this.#header(bytes.toString("utf8"));
    return "skipped";
  }

  #header(line: string): void {
    const hunk = HUNK.exec(line);
    if (hunk !== null) {
      if (this.#path !== null) this.#sink.file(this.#path);
      this.#path = null;
      this.#parents = (hunk[1] ?? "@@").length - 1;
      this.#number = Number(hunk[2]);
      return;
    }
    this.#parents = 0;
    const header = /^diff --(?:git|cc|combined) (.*)$/.exec(line)?.[1];
    const isCommit = /^commit [0-9a-f]+$/.test(line);
    if (header !== undefined || isCommit) {
      if (this.#path !== null) this.#sink.file(this.#path); // An empty file has no hunk.
      this.#path = null;
    }
    if (isCommit) this.#sink.commit();
    if (header !== undefined) {
      this.#path = header.slice(header.lastIndexOf(" b/") + 1).replace(/^b\//, "");
    }
    const renamed = /^\+\+\+ "?b\/(.*?)"?\t?$/.exec(line)?.[1];
    if (renamed !== undefined && this.#path !== null) this.#path = renamed;
  }

  /** Handle the end of the stream. */
  finish(): void {
    if (this.#carry.length > 0 || this.#within !== null) this.#part(this.#carry, true);
    this.#carry = Buffer.alloc(0);
    if (this.#path !== null) this.#sink.file(this.#path);
    this.#path = null;
  }
}
