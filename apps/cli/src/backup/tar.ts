import { messageOf } from "@tac8/core/domain/messageOf";

/** A file of an archive. */
export interface TarFile {
  /** Relative, with `/` between folders. */
  readonly path: string;
  readonly size: number;
  /** The content, of `size` bytes. */
  readonly body: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
const MAX_NAME = 100;
/** GNU tar stores a longer name in the body of an extra entry, which has this type and name. */
const LONG_NAME = "L";
const LONG_LINK = "././@LongLink";
const MAX_PATH = 4096;
/** 11 octal digits. */
const MAX_SIZE = 8 ** 11 - 1;

/** Write files in the format of GNU tar, as chunks. @throws Error if a body does not have its size */
export async function* writeTar(files: AsyncIterable<TarFile>, seconds: number): AsyncGenerator<Uint8Array> {
  for await (const { path, size, body } of files) {
    const name = Buffer.from(path);
    if (name.length > MAX_NAME) {
      const text = Buffer.concat([name, Buffer.alloc(1)]);
      yield header({ name: Buffer.from(LONG_LINK), size: text.length, type: LONG_NAME, seconds });
      yield text;
      yield padding(text.length);
    }
    yield header({ name: name.subarray(0, MAX_NAME), size, type: "0", seconds });
    let written = 0;
    for await (const chunk of body) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== size) throw new Error(`${path} changed while it was read`);
    yield padding(size);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function header(given: { name: Buffer; size: number; type: string; seconds: number }): Buffer {
  const { name, size, type, seconds } = given;
  if (size > MAX_SIZE) throw new Error(`${name.toString()} is too large for a backup`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  name.copy(block, 0);
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(seconds, 136, 12);
  block.write(type, 156, "latin1");
  block.write("ustar  \0", 257, "latin1");
  block.write(`${sumOf(block).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Return the checksum of a header block, in which the checksum field counts as spaces. */
function sumOf(block: Buffer): number {
  let sum = 0;
  for (let index = 0; index < BLOCK; index += 1) sum += index >= 148 && index < 156 ? 32 : (block[index] ?? 0);
  return sum;
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/**
 * Read the files of an archive in order; the body of a file need not be read. Only archives of `writeTar` are accepted.
 * @throws Error with a one-line message if the archive is damaged, incomplete or of another kind
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const source = new Source(chunks[Symbol.asyncIterator]());
  let longName: string | null = null;
  for (;;) {
    const block = await source.take(BLOCK);
    if (block.every((byte) => byte === 0)) {
      await source.toEnd();
      return;
    }
    if (parseOctal(block, 148, 8) !== sumOf(block)) throw new Error("it is damaged");
    const size = parseOctal(block, 124, 12);
    const type = String.fromCharCode(block[156] ?? 0);
    if (type === LONG_NAME) {
      if (size > MAX_PATH) throw new Error("it contains a name that is too long");
      longName = textOf(await source.take(size));
      await source.take(padding(size).length);
      continue;
    }
    if (type !== "0") throw new Error("it contains an entry that is not a file");
    const path: string = longName ?? textOf(block.subarray(0, MAX_NAME));
    longName = null;
    const body = source.body(size);
    yield { path, size, body };
    for await (const rest of body) void rest;
    await source.take(padding(size).length);
  }
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end === -1 ? bytes.length : end).toString("utf8");
}

function parseOctal(block: Buffer, at: number, length: number): number {
  const text = block
    .subarray(at, at + length)
    .toString("latin1")
    .replace(/[\0 ]+$/, "");
  if (!/^[0-7]{1,11}$/.test(text)) throw new Error("it is damaged");
  return Number.parseInt(text, 8);
}

class Source {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterator<Uint8Array>) {
    this.#chunks = chunks;
  }

  /** Return at most `most` bytes; null at the end of the file. */
  async #some(most: number): Promise<Buffer | null> {
    while (this.#rest.length === 0) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await this.#chunks.next();
      } catch (error) {
        throw new Error(`it is damaged or incomplete (${messageOf(error)})`, { cause: error });
      }
      if (next.done === true) return null;
      this.#rest = Buffer.from(next.value);
    }
    const some = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(some.length);
    return some;
  }

  async take(size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = size; left > 0;) {
      const some = await this.#some(left);
      if (some === null) throw new Error("it is incomplete");
      parts.push(some);
      left -= some.length;
    }
    return Buffer.concat(parts);
  }

  /** Read to the end, where gzip verifies its checksum. */
  async toEnd(): Promise<void> {
    while ((await this.#some(BLOCK)) !== null);
  }

  /** Return a body that can be read once: a second reader gets only the rest. */
  body(size: number): AsyncIterable<Uint8Array> {
    let left = size;
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      if (left === 0) return { done: true, value: undefined };
      const some = await this.#some(left);
      if (some === null) throw new Error("it is incomplete");
      left -= some.length;
      return { done: false, value: some };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }
}
