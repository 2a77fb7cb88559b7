import type { Duplex } from "node:stream";

/** The connections that a proxy has open, so that closing it ends them. */
export class OpenSockets {
  readonly #open = new Set<Duplex>();
  #ended = false;

  /** Remember a connection until it is closed. One that comes after `end` is closed at once. */
  readonly keep = <T extends Duplex>(socket: T): T => {
    if (this.#ended) socket.destroy();
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    return socket;
  };

  end(): void {
    this.#ended = true;
    for (const socket of this.#open) socket.destroy();
  }
}
