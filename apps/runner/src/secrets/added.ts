const HUNK = /^(@{2,})(?: -\d+(?:,\d+)?)+ \+(\d+)(?:,(\d+))? @{2,}/;
const LINE_END = 10;
/** A longer line is passed on in parts. Longer than any header: paths have 4096 bytes at most. */
const MAX_PART = 256 * 1024;
const [PLUS, MINUS, BLANK, BACKSLASH] = [43, 45, 32, 92];

/** Receives what commits change. The bytes are valid only during the call. */
export interface AddedSink {
  /** A commit begins. */
  commit(): void;
  /** A file of a commit begins. */
  file(path: string): void;
  /** A line, or a part of a long one. `number`: in the file of its commit. */
  added(number: number, bytes: Buffer, isEnd: boolean): void;
  /** A line that one of the commit's parents has and the commit has not, at that place. Very long ones are left out. */
  removed(bytes: Buffer): void;
}

/**
 * Reads the lines that are added and removed out of `git log --patch --cc --format="commit %H"`, in chunks and with bounded memory. A merge adds what none of its
 * parents has. The names and contents are an agent's: headers count only outside of a hunk.
 */
export class AddedReader {
  readonly #sink: AddedSink;
  #carry: Buffer = Buffer.alloc(0);
  #path: string | null = null;
  #parents = 0;
  #number = 0;
  /** Of the long line that is being read; null: a line begins. */
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
      if (this.#path !== null) this.#sink.file(this.#path); // Without a hunk: an empty file.
      this.#path = null;
    }
    if (isCommit) this.#sink.commit();
    if (header !== undefined) {
      this.#path = header.slice(header.lastIndexOf(" b/") + 1).replace(/^b\//, "");
    }
    const renamed = /^\+\+\+ "?b\/(.*?)"?\t?$/.exec(line)?.[1];
    if (renamed !== undefined && this.#path !== null) this.#path = renamed;
  }

  /** The stream ended. */
  finish(): void {
    if (this.#carry.length > 0 || this.#within !== null) this.#part(this.#carry, true);
    this.#carry = Buffer.alloc(0);
    if (this.#path !== null) this.#sink.file(this.#path);
    this.#path = null;
  }
}
