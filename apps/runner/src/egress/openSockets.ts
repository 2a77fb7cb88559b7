import type { Duplex } from "node:stream";

/** The open connections of a proxy, so that closing the proxy closes them. */
export class OpenSockets {
  readonly #open = new Set<Duplex>();
  #ended = false;

  /** Keep a connection until it is closed. A connection after `end` is closed at once. */
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
