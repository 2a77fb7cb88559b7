/** A problem that the operator can fix: each line becomes `tac8: <line>` on stderr, and the exit code is 1. */
export class Problem extends Error {
  override readonly name: string = "Problem";
  readonly lines: readonly string[];

  constructor(lines: string | readonly string[], options?: ErrorOptions) {
    const list = typeof lines === "string" ? [lines] : lines;
    super(list.join("\n"), options);
    this.lines = list;
  }
}

/** An invalid command line: exit code 2. */
export class WrongUsage extends Problem {}

/** A temporary problem: a later start may succeed without help. */
export class MayPass extends Problem {}

/** `tac8 up` cannot start until the operator fixes something: exit code 78. */
export class CannotStart extends Problem {}

/** Throw in the default branch of a complete switch. */
export function unreachable(value: never): never {
  throw new Error(`unhandled value ${JSON.stringify(value)}`);
}
