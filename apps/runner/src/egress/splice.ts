import type { Duplex } from "node:stream";

/** Time limit of a connection without data. */
const IDLE_MS = 10 * 60_000;
/** Time limit of a connection with one closed side. */
const HALF_OPEN_MS = 60_000;

type Side = Duplex & { setTimeout(ms: number): unknown };

/** Connect two sockets, until both end or one fails. Both are closed afterwards. */
export function splice(a: Side, b: Side): void {
  const close = (): void => {
    a.destroy();
    b.destroy();
  };
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.setTimeout(IDLE_MS);
    from.on("timeout", close).on("error", close).on("close", close);
    from.once("end", () => {
      from.setTimeout(HALF_OPEN_MS);
      to.setTimeout(HALF_OPEN_MS);
    });
    from.pipe(to);
  }
}
