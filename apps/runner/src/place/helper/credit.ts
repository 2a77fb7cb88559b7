import { WrongAnswer } from "./answers.ts";
import { ACK_EVERY, WINDOW } from "./protocol.ts";

/** The way of the acknowledgements of one stream. */
export interface AckLine {
  /** Whether the helper reads what it is sent. */
  readonly isReading: boolean;
  /** Calls once when it reads again. */
  onceReading(then: () => void): void;
  ack(chunks: number): void;
}

/** How many more chunks of one stream the helper may send: so many are in the runner's memory at most. */
export class Credit {
  readonly #line: AckLine;
  #chunks = WINDOW;
  /** Chunks that the reader has taken and the helper does not know of. */
  #owed = 0;
  #waits = false;

  constructor(line: AckLine) {
    this.#line = line;
  }

  /** @throws WrongAnswer where it may send none */
  receive(): void {
    if (this.#chunks === 0) throw new WrongAnswer("more output than is read");
    this.#chunks -= 1;
  }

  /** The stream's reader has taken one. */
  taken(): void {
    this.#owed += 1;
    if (this.#owed >= ACK_EVERY && !this.#waits) this.#acknowledge();
  }

  #acknowledge(): void {
    this.#waits = !this.#line.isReading;
    // A helper that sends and never reads would fill the memory with acknowledgements.
    if (this.#waits) return this.#line.onceReading(() => this.#acknowledge());
    this.#chunks += this.#owed;
    this.#line.ack(this.#owed);
    this.#owed = 0;
  }
}
