import type { Writable } from "node:stream";

/** A JSON header and a payload. On the wire their lengths in bytes precede them, 32 bits each and big-endian. */
export interface Frame {
  readonly header: unknown;
  readonly payload: Buffer;
}

export interface FrameLimits {
  /** Maximum number of bytes of a header. */
  readonly header: number;
  /** Return how many bytes the payload of this header may have, or throw if the header is wrong. */
  readonly payload: (header: unknown) => number;
}

const PREFIX_BYTES = 8;
/** Initial size of a buffer. It grows as bytes arrive, so an announced length alone uses no memory. */
const FIRST_BYTES = 16 * 1024;
const NONE = Buffer.alloc(0);

/** The received bytes are not a valid frame, or exceed the limits. */
class FrameError extends Error {}

export function encodeHeader(header: object): Buffer {
  return Buffer.from(JSON.stringify(header));
}

/** Write one frame with an encoded header. */
export function writeFrame(stream: Writable, header: Buffer, payload: Buffer = NONE): void {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(header.length, 0);
  prefix.writeUInt32BE(payload.length, 4);
  stream.write(Buffer.concat([prefix, header]));
  if (payload.length > 0) stream.write(payload);
}

/** Parser of a stream of frames. It reads prefix, header and payload in turn, and checks each length before it reads on. */
export class FrameReader {
  readonly #limits: FrameLimits;
  #part: "prefix" | "header" | "payload" = "prefix";
  #wanted = PREFIX_BYTES;
  #bytes = Buffer.alloc(PREFIX_BYTES);
  #filled = 0;
  #payloadBytes = 0;
  #header: unknown = null;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Return the frames that this chunk completes. @throws FrameError, or the error of the limits; the reader is unusable then */
  *push(chunk: Buffer): Generator<Frame> {
    let at = 0;
    do {
      const taken = chunk.subarray(at, at + this.#wanted - this.#filled);
      this.#keep(taken);
      at += taken.length;
      if (this.#filled < this.#wanted) return;
      const frame = this.#next(this.#bytes.subarray(0, this.#wanted));
      if (frame !== null) yield frame;
    } while (at < chunk.length || this.#wanted === 0);
  }

  #keep(taken: Buffer): void {
    const needed = this.#filled + taken.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.alloc(Math.min(this.#wanted, Math.max(needed, 2 * this.#bytes.length)));
      this.#bytes.copy(grown, 0, 0, this.#filled);
      this.#bytes = grown;
    }
    taken.copy(this.#bytes, this.#filled);
    this.#filled = needed;
  }

  /** Handle a complete part. @returns the frame, if the part was its payload */
  #next(bytes: Buffer): Frame | null {
    if (this.#part === "payload") {
      this.#expect("prefix", PREFIX_BYTES);
      return { header: this.#header, payload: bytes };
    }
    if (this.#part === "header") {
      this.#header = parse(bytes);
      const most = this.#limits.payload(this.#header);
      if (this.#payloadBytes > most)
        throw new FrameError(`${this.#payloadBytes} bytes exceed the limit of ${most} bytes`);
      this.#expect("payload", this.#payloadBytes);
      return null;
    }
    const length = bytes.readUInt32BE(0);
    if (length > this.#limits.header) throw new FrameError(`a header of ${length} bytes exceeds the limit`);
    this.#payloadBytes = bytes.readUInt32BE(4);
    this.#expect("header", length);
    return null;
  }

  #expect(part: "prefix" | "header" | "payload", bytes: number): void {
    this.#part = part;
    this.#wanted = bytes;
    this.#filled = 0;
    this.#bytes = Buffer.alloc(Math.min(bytes, FIRST_BYTES));
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new FrameError("a header that is not JSON");
  }
}
