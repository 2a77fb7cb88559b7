import { WrongAnswer } from "./answers.ts";
import { ACK_EVERY, WINDOW } from "./protocol.ts";

/** Connection for the acknowledgements of one stream. */
export interface AckLine {
  /** Whether the helper reads its input fast enough. */
  readonly isReading: boolean;
  /** Call back once, when the helper has caught up. */
  onceReading(then: () => void): void;
  ack(chunks: number): void;
}

/** Flow control of one stream: the number of chunks that the helper may still send bounds the runner's memory. */
export class Credit {
  readonly #line: AckLine;
  #chunks = WINDOW;
  /** Chunks that the reader has taken and that are not acknowledged yet. */
  #owed = 0;
  #waits = false;

  constructor(line: AckLine) {
    this.#line = line;
  }

  /** Count one chunk. @throws WrongAnswer if the helper may send none */
  receive(): void {
    if (this.#chunks === 0) throw new WrongAnswer("more chunks than the window allows");
    this.#chunks -= 1;
  }

  /** Count one chunk that the reader has taken. */
  taken(): void {
    this.#owed += 1;
    if (this.#owed >= ACK_EVERY && !this.#waits) this.#acknowledge();
  }

  #acknowledge(): void {
    this.#waits = !this.#line.isReading;
    // Acknowledgements to a helper that never reads would fill the memory.
    if (this.#waits) return this.#line.onceReading(() => this.#acknowledge());
    this.#chunks += this.#owed;
    this.#line.ack(this.#owed);
    this.#owed = 0;
  }
}
