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

/** A command line that makes no sense: exit code 2. */
export class WrongUsage extends Problem {}

/** A problem that may pass without anybody's help: a later start may succeed. */
export class MayPass extends Problem {}

/** `tac8 up` cannot start until the operator fixes something: exit code 78. */
export class CannotStart extends Problem {}

/** For the default branch of a switch that has all cases. */
export function unreachable(value: never): never {
  throw new Error(`unhandled value ${JSON.stringify(value)}`);
}
