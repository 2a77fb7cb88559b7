import type { FileHandle } from "node:fs/promises";

/** A key of Redis with its value, as a backup stores it. */
export interface DumpedKey {
  readonly key: Buffer;
  /** Epoch ms; null: it does not expire. */
  readonly expiresAt: number | null;
  /** The value as `DUMP` returns it. */
  readonly value: Buffer;
}

/** Size of the header: length of the key, expiry (0: none), length of the value. */
const HEADER_BYTES = 4 + 8 + 4;
const MAX_KEY = 64 * 1024;
const MAX_VALUE = 512 * 1024 ** 2;

export function encodeDumpedKey({ key, expiresAt, value }: DumpedKey): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(key.length, 0);
  header.writeBigUInt64BE(BigInt(expiresAt ?? 0), 4);
  header.writeUInt32BE(value.length, 12);
  return Buffer.concat([header, key, value]);
}

/** Read the keys that `encodeDumpedKey` wrote. @throws Error if the file ends within the data of a key */
export async function* readDumpedKeys(file: FileHandle): AsyncGenerator<DumpedKey> {
  for (let at = 0; ;) {
    const header = await read(file, at, HEADER_BYTES);
    if (header.length === 0) return;
    if (header.length < HEADER_BYTES) throw new Error("its Redis data is incomplete");
    const [keySize, valueSize] = [header.readUInt32BE(0), header.readUInt32BE(12)];
    const expiresAt = Number(header.readBigUInt64BE(4));
    if (keySize > MAX_KEY || valueSize > MAX_VALUE) throw new Error("its Redis data is damaged");
    const rest = await read(file, at + HEADER_BYTES, keySize + valueSize);
    if (rest.length < keySize + valueSize) throw new Error("its Redis data is incomplete");
    at += HEADER_BYTES + rest.length;
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
