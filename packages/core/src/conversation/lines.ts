/** One line without its line break. */
export interface Line {
  readonly text: string;
  /** Whether the line was longer than the limit; `text` is then only its beginning. */
  readonly cut: boolean;
}

export interface LineSplitter {
  /** Add a chunk. @returns the lines that it completes */
  push(chunk: Uint8Array): Line[];
  /** End the input. @returns the rest without a line break, if any */
  end(): Line[];
}

const LF = 10;
const START_BYTES = 64 * 1024;
const KEEP_BYTES = 1024 * 1024;

/**
 * Create a splitter of bytes into lines. It decodes only complete lines, so that a character at the border of two chunks is not damaged.
 * Memory is bounded by `maxBytes` (default 16 MB) for any input: the CLI writes lines of several megabytes, and a defective program
 * may never write a line break.
 */
export function createLineSplitter(maxBytes = 16 * 1024 * 1024): LineSplitter {
  let buffer = Buffer.alloc(Math.min(START_BYTES, maxBytes));
  let length = 0;
  let cut = false;

  const add = (bytes: Uint8Array): void => {
    const fits = bytes.subarray(0, maxBytes - length);
    if (fits.length < bytes.length) cut = true;
    if (length + fits.length > buffer.length) {
      const bigger = Buffer.alloc(Math.min(maxBytes, Math.max(buffer.length * 2, length + fits.length)));
      buffer.copy(bigger, 0, 0, length);
      buffer = bigger;
    }
    buffer.set(fits, length);
    length += fits.length;
  };
  const take = (): Line => {
    const line = { text: buffer.toString("utf8", 0, cut ? wholeCharacters(buffer, length) : length), cut };
    length = 0;
    cut = false;
    if (buffer.length > KEEP_BYTES) buffer = Buffer.alloc(Math.min(START_BYTES, maxBytes));
    return line;
  };

  return {
    push(chunk) {
      const lines: Line[] = [];
      let from = 0;
      for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
        add(chunk.subarray(from, at));
        lines.push(take());
        from = at + 1;
      }
      add(chunk.subarray(from));
      return lines;
    },
    end: () => (length > 0 ? [take()] : []),
  };
}

/** Return `length` without the bytes of an incomplete UTF-8 character at the end. */
function wholeCharacters(bytes: Uint8Array, length: number): number {
  for (let at = length - 1; at >= Math.max(0, length - 4); at -= 1) {
    const byte = bytes[at] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length - at < needed ? at : length;
  }
  return length;
}
