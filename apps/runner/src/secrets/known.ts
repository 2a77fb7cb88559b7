import { base64Forms } from "@tac8/core/log/redact";

/** Shorter values are not searched for, because they may be words. */
const LEAST = 8;
/** Size of a block that is searched at once. */
const BLOCK = 1024 * 1024;
const BUCKETS = 1 << 16;
const [ZERO, TAB, RETURN, BLANK] = [0, 9, 13, 32];

/** Return the forms in which a value may be written: unchanged, URL-encoded, in JSON, in base64 with any alignment, hexadecimal, backwards. */
export function writtenForms(value: string): string[] {
  if (value.length < LEAST) return [];
  const hex = Buffer.from(value).toString("hex");
  const forms = [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    hex,
    hex.toUpperCase(),
    Array.from(value).toReversed().join(""),
    ...base64Forms(value),
  ];
  return [...new Set(forms)].filter((form) => form.length >= LEAST);
}

interface Form {
  readonly bytes: Buffer;
  /** Index of its value. */
  readonly value: number;
}

/** Values, prepared for a search whose time depends only on the size of the text. */
export class KnownValues {
  readonly #buckets = new Map<number, Form[]>();
  readonly #used = new Uint8Array(BUCKETS);
  readonly longest: number;

  constructor(values: readonly string[]) {
    let longest = LEAST;
    for (const [value, text] of values.entries()) {
      for (const written of writtenForms(text)) {
        const bytes = withoutBlanks(Buffer.from(written));
        if (bytes.length < LEAST) continue;
        const bucket = bucketOf(bytes.readUInt32LE(0));
        this.#used[bucket] = 1;
        this.#buckets.set(bucket, [...(this.#buckets.get(bucket) ?? []), { bytes, value }]);
        longest = Math.max(longest, bytes.length);
      }
    }
    this.longest = longest;
  }

  /** Report each value in the text, with its index and the position after it. @param text a text of `withoutBlanks` */
  find(text: Buffer, report: (value: number, end: number) => void): void {
    let word = 0;
    for (let end = 0; end < text.length; end += 1) {
      word = (word >>> 8) | ((text[end] ?? 0) << 24);
      if (end < 3) continue;
      const bucket = bucketOf(word);
      if (this.#used[bucket] === 0) continue;
      const from = end - 3;
      for (const { bytes, value } of this.#buckets.get(bucket) ?? []) {
        if (startsWith(text, bytes, from)) report(value, from + bytes.length);
      }
    }
  }

  isIn(text: string): boolean {
    let found = false;
    this.find(withoutBlanks(Buffer.from(text)), () => {
      found = true;
    });
    return found;
  }
}

/** Search of one text that arrives in lines or parts of lines. A value may extend over several lines, because encoders break lines. */
export class KnownSearch {
  readonly #known: KnownValues;
  readonly #report: (value: number, line: number) => void;
  readonly #block = Buffer.allocUnsafe(BLOCK);
  /** Positions in the block at which lines begin. */
  #starts: { at: number; line: number }[] = [];
  #length = 0;
  /** Number of bytes of the block that were already searched. */
  #kept = 0;

  constructor(known: KnownValues, report: (value: number, line: number) => void) {
    this.#known = known;
    this.#report = report;
  }

  add(line: number, bytes: Buffer): void {
    for (let from = 0; from < bytes.length; from += BLOCK / 4) {
      const part = bytes.subarray(from, from + BLOCK / 4);
      if (this.#length + part.length > BLOCK) this.#search(this.#known.longest - 1);
      this.#starts.push({ at: this.#length, line });
      this.#length += copyWithoutBlanks(part, this.#block, this.#length);
    }
  }

  /** Handle the end of the text. Another text may begin. */
  end(): void {
    this.#search(0);
  }

  /** Search the block. @param kept bytes at the end that stay in the block, because a value may continue after them */
  #search(kept: number): void {
    this.#known.find(this.#block.subarray(0, this.#length), (value, end) => {
      if (end <= this.#kept) return;
      this.#report(value, this.#starts.findLast(({ at }) => at < end)?.line ?? 1);
    });
    const from = Math.max(this.#length - kept, 0);
    const last = this.#starts.at(-1);
    this.#block.copy(this.#block, 0, from, this.#length);
    this.#length -= from;
    this.#kept = this.#length;
    this.#starts = last === undefined || this.#length === 0 ? [] : [{ at: 0, line: last.line }];
  }
}

/** Copy a text without white space and zero bytes, which text in UTF-16 has between its letters. */
function copyWithoutBlanks(from: Buffer, to: Buffer, at: number): number {
  let length = 0;
  for (let index = 0; index < from.length; index += 1) {
    const byte = from[index] ?? ZERO;
    if (byte === ZERO || byte === BLANK || (byte >= TAB && byte <= RETURN)) continue;
    to[at + length] = byte;
    length += 1;
  }
  return length;
}

function withoutBlanks(bytes: Buffer): Buffer {
  const to = Buffer.alloc(bytes.length);
  return to.subarray(0, copyWithoutBlanks(bytes, to, 0));
}

function bucketOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> 16;
}

function startsWith(text: Buffer, form: Buffer, from: number): boolean {
  return from + form.length <= text.length && text.compare(form, 0, form.length, from, from + form.length) === 0;
}
