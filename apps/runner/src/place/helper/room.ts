/** How many more chunks of one stream may be sent. One sender waits at a time. */
export class Room {
  #chunks: number;
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(chunks: number) {
    this.#chunks = chunks;
  }

  /** Waits until one may be sent, and counts it. @returns false: none is wanted any more */
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
