/** Bytes and their replacement of the same length. */
export interface Replacement {
  readonly find: string;
  readonly by: string;
}

/**
 * Replace texts in a stream, even if they are split between chunks. Only a possible beginning of a text is held back,
 * so events pass as soon as they arrive.
 */
export class ByteReplacer {
  readonly #pairs: readonly { readonly find: Buffer; readonly by: Buffer }[];
  #kept: Buffer = Buffer.alloc(0);

  constructor(pairs: readonly Replacement[]) {
    this.#pairs = pairs.map(({ find, by }) => ({ find: Buffer.from(find), by: Buffer.from(by) }));
  }

  /** @returns the part that can be passed on */
  write(chunk: Buffer): Buffer {
    const all = Buffer.concat([this.#kept, chunk]);
    for (const { find, by } of this.#pairs) {
      for (let at = all.indexOf(find); at >= 0; at = all.indexOf(find, at + find.length)) by.copy(all, at);
    }
    const keep = Math.max(0, ...this.#pairs.map(({ find }) => beginningAtEnd(all, find)));
    this.#kept = all.subarray(all.length - keep);
    return all.subarray(0, all.length - keep);
  }

  /** @returns the rest */
  end(): Buffer {
    const rest = this.#kept;
    this.#kept = Buffer.alloc(0);
    return rest;
  }
}

/** Return how many bytes at the end of `all` are the beginning of `find`, but not all of it. */
function beginningAtEnd(all: Buffer, find: Buffer): number {
  for (let length = Math.min(find.length - 1, all.length); length > 0; length -= 1) {
    if (all.subarray(all.length - length).equals(find.subarray(0, length))) return length;
  }
  return 0;
}
