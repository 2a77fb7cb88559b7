/** Options on the forwarder's command line. */
export interface ForwarderOptions {
  /** Path of the Unix socket for the connections; null: only start the program. */
  readonly socket: string | null;
  /** Port on loopback. */
  readonly port: number;
  /** Descriptor of a pipe with one word per line; null if there is none. */
  readonly wordsFd: number | null;
  readonly program: readonly string[];
}

/** Parse `[--socket PATH --port P] [--words-fd N] -- PROGRAM ARG…`. @throws Error with one line about the mistake */
export function parseOptions(args: readonly string[]): ForwarderOptions {
  const end = args.indexOf("--");
  const program = end < 0 ? [] : args.slice(end + 1);
  if (program.length === 0) throw new Error("expected -- and a program to start");
  const given = new Map<string, string>();
  for (let at = 0; at < end; at += 2) {
    const [name = "", value] = args.slice(at, at + 2);
    if (!["--socket", "--port", "--words-fd"].includes(name) || at + 1 >= end || value === undefined) {
      throw new Error(`expected --socket PATH, --port P or --words-fd N, not ${name}`);
    }
    given.set(name, value);
  }
  const socket = given.get("--socket") ?? null;
  const words = given.get("--words-fd");
  return {
    socket,
    port: socket === null ? 0 : numberIn("--port", given.get("--port"), 65_535),
    wordsFd: words === undefined ? null : numberIn("--words-fd", words, 1023),
    program,
  };
}

function numberIn(name: string, text: string | undefined, max: number): number {
  const value = /^\d{1,5}$/.test(text ?? "") ? Number(text) : 0;
  if (value < 1 || value > max) throw new Error(`${name} ${text ?? "is missing"}: expected a number from 1 to ${max}`);
  return value;
}
