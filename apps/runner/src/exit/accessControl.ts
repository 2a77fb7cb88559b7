import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Limit of connections that have not sent the password; a further one ends the oldest of them. */
const MAX_WAITING = 128;
/** Limit of connections that have sent the password. */
const MAX_ADMITTED = 1024;
/** Wrong passwords in a minute; the answer to each further one is delayed. */
const QUICK_REFUSALS = 20;
const MINUTE_MS = 60_000;

/**
 * Access control of the exit. Agents have the address of their runner's container, so no address is ever blocked.
 * Instead, answers to wrong passwords are delayed, and connections without the password have a limit of their own,
 * which leaves the other connections alone.
 */
export class AccessControl {
  readonly #digest: Buffer;
  readonly #now: () => number;
  readonly #waiting = new Set<Socket>();
  readonly #admitted = new Set<Socket>();
  readonly #pause: () => Promise<unknown>;
  #minute = 0;
  #refused = 0;

  constructor(
    password: string,
    { now, pause }: { readonly now: () => number; readonly pause: () => Promise<unknown> },
  ) {
    this.#digest = digestOf(password);
    this.#now = now;
    this.#pause = pause;
  }

  /** Count a new connection. */
  add(socket: Socket): void {
    this.#waiting.add(socket);
    socket.once("close", () => {
      this.#waiting.delete(socket);
      this.#admitted.delete(socket);
    });
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#waiting.size <= MAX_WAITING) return;
    this.#waiting.delete(oldest);
    oldest.destroy();
  }

  /**
   * Decide about one request. `asked`: it has no password, like the first request of programs that wait for a challenge
   * (git, curl --proxy-anyauth). `full`: the password is right, but there are too many connections.
   */
  decide(request: IncomingMessage): "admitted" | "asked" | "refused" | "full" {
    const header = request.headers["proxy-authorization"];
    if (header === undefined) return "asked";
    const given = passwordIn(header);
    if (given === null || !timingSafeEqual(digestOf(given), this.#digest)) return "refused";
    const { socket } = request;
    if (this.#admitted.has(socket)) return "admitted";
    if (this.#admitted.size >= MAX_ADMITTED) return "full";
    this.#waiting.delete(socket);
    this.#admitted.add(socket);
    return "admitted";
  }

  /** Count a refusal. Resolves when its answer may be sent. */
  async delayRefusal(): Promise<void> {
    const minute = Math.floor(this.#now() / MINUTE_MS);
    this.#refused = minute === this.#minute ? this.#refused + 1 : 1;
    this.#minute = minute;
    if (this.#refused > QUICK_REFUSALS) await this.#pause();
  }
}

/** Return the password of a `Basic` header; the user name does not matter. Null if there is none. */
function passwordIn(header: string): string | null {
  const [, encoded] = /^basic\s+([a-z\d+/=_-]{1,1000})\s*$/i.exec(header) ?? [];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? null : text.slice(colon + 1);
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
