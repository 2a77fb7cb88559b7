/** Flow control of one stream in the helper: the number of chunks that may still be sent. It supports one sender. */
export class Room {
  #chunks: number;
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(chunks: number) {
    this.#chunks = chunks;
  }

  /** Wait until one chunk may be sent. @returns false if the stream was cancelled */
  async take(): Promise<boolean> {
    if (this.#chunks === 0 && !this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#chunks -= 1;
    return !this.#closed;
  }

  add(chunks: number): void {
    this.#chunks += chunks;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}
