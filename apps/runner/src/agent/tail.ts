/** Buffer for the last `maxBytes` of a stream, because endless output of an agent must not fill the memory. */
export interface Tail {
  readonly push: (chunk: Uint8Array) => void;
  text(): string;
}

export function createTail(maxBytes: number): Tail {
  let kept: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      const joined = Buffer.concat([kept, chunk.subarray(-maxBytes)]);
      kept = Buffer.from(joined.subarray(-maxBytes));
    },
    text() {
      let from = 0;
      while (from < 4 && ((kept[from] ?? 0) & 0b1100_0000) === 0b1000_0000) from += 1;
      return kept.toString("utf8", from);
    },
  };
}
