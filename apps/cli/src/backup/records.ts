import type { FileHandle } from "node:fs/promises";

/** A key of Redis with its value. */
export interface KeyRecord {
  readonly key: Buffer;
  /** Epoch ms; null: it does not expire. */
  readonly expiresAt: number | null;
  /** The value as `DUMP` returns it. */
  readonly value: Buffer;
}

/** Size of the header: length of the key, expiry (0: none), length of the value. */
const HEAD = 4 + 8 + 4;
const MAX_KEY = 64 * 1024;
const MAX_VALUE = 512 * 1024 ** 2;

export function encodeRecord({ key, expiresAt, value }: KeyRecord): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(key.length, 0);
  head.writeBigUInt64BE(BigInt(expiresAt ?? 0), 4);
  head.writeUInt32BE(value.length, 12);
  return Buffer.concat([head, key, value]);
}

/** Read the records that `encodeRecord` wrote. @throws Error if the file ends within a record */
export async function* readRecords(file: FileHandle): AsyncGenerator<KeyRecord> {
  for (let at = 0; ;) {
    const head = await read(file, at, HEAD);
    if (head.length === 0) return;
    if (head.length < HEAD) throw new Error("its Redis data is incomplete");
    const [keySize, valueSize] = [head.readUInt32BE(0), head.readUInt32BE(12)];
    const expiresAt = Number(head.readBigUInt64BE(4));
    if (keySize > MAX_KEY || valueSize > MAX_VALUE) throw new Error("its Redis data is damaged");
    const rest = await read(file, at + HEAD, keySize + valueSize);
    if (rest.length < keySize + valueSize) throw new Error("its Redis data is incomplete");
    at += HEAD + rest.length;
    yield {
      key: rest.subarray(0, keySize),
      expiresAt: expiresAt === 0 ? null : expiresAt,
      value: rest.subarray(keySize),
    };
  }
}

async function read(file: FileHandle, at: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  let done = 0;
  while (done < size) {
    const { bytesRead } = await file.read(bytes, done, size - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
