/** Buffer for the last `maxBytes` of a stream, because endless output of an agent must not fill the memory. */
export interface Tail {
  readonly push: (chunk: Uint8Array) => void;
  text(): string;
}

export function createTail(maxBytes: number): Tail {
  /** The next byte goes to `at`, where the oldest byte is once the ring is full. Most streams are empty, so it is created late. */
  let ring: Buffer | null = null;
  let at = 0;
  let isFull = false;
  return {
    push(chunk) {
      ring ??= Buffer.alloc(maxBytes);
      const last = chunk.subarray(-maxBytes);
      const toEnd = last.subarray(0, maxBytes - at);
      ring.set(toEnd, at);
      ring.set(last.subarray(toEnd.length), 0);
      isFull ||= at + last.length >= maxBytes;
      at = (at + last.length) % maxBytes;
    },
    text() {
      if (ring === null) return "";
      const kept = isFull ? Buffer.concat([ring.subarray(at), ring.subarray(0, at)]) : ring.subarray(0, at);
      let from = 0;
      while (from < 4 && ((kept[from] ?? 0) & 0b1100_0000) === 0b1000_0000) from += 1;
      return kept.toString("utf8", from);
    },
  };
}
