// A scanner's input stays open for the next search, so each search marks its own end: its request is one line, and each piece of the
// patch follows its length. A length of 0 is the end. Lengths also keep a hostile patch from imitating a request.
import { Writable } from "node:stream";

const LINE_END = 10;
const LENGTH_BYTES = 4;
const END = Buffer.alloc(LENGTH_BYTES);

/** Return a destination for the patch of one search. Its end is the end of the patch, and leaves `to` open. */
export function framesTo(to: Writable): Writable {
  return new Writable({
    // The callback of the last part is called when the scanner's pipe has room, so a slow scanner slows git down.
    write(chunk: Buffer, _encoding, done) {
      if (chunk.length === 0) return done();
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(chunk.length);
      to.cork();
      to.write(length);
      to.write(chunk, done);
      to.uncork();
    },
    final(done) {
      to.write(END, done);
    },
  });
}

/** Reader of the requests and patches in the scanner's input. */
export class FramedInput {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(input: AsyncIterable<Buffer>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  /** Return the next request. Null: the input ended. */
  async line(): Promise<string | null> {
    const parts: Buffer[] = [];
    while (await this.#fill()) {
      const end = this.#rest.indexOf(LINE_END);
      parts.push(this.#take(end < 0 ? this.#rest.length : end));
      if (end < 0) continue;
      this.#take(1);
      return Buffer.concat(parts).toString("utf8");
    }
    return null;
  }

  /** Return the pieces of the patch. @throws Error if the input ends before the patch, so that no part of a patch counts as all of it */
  async *patch(): AsyncGenerator<Buffer> {
    for (;;) {
      let left = await this.#length();
      if (left === 0) return;
      while (left > 0) {
        await this.#need();
        const piece = this.#take(Math.min(left, this.#rest.length));
        left -= piece.length;
        yield piece;
      }
    }
  }

  async #length(): Promise<number> {
    let length = 0;
    for (let index = 0; index < LENGTH_BYTES; index += 1) {
      await this.#need();
      length = length * 256 + (this.#take(1)[0] ?? 0);
    }
    return length;
  }

  async #need(): Promise<void> {
    if (!(await this.#fill())) throw new Error("the input ended before the patch");
  }

  /** Wait until there is a byte. @returns false at the end of the input */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#rest = next.value;
    }
    return true;
  }

  #take(size: number): Buffer {
    const taken = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    return taken;
  }
}
