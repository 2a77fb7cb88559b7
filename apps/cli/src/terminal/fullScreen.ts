import type { ReadStream, WriteStream } from "node:tty";

/** A whole terminal, for as long as it is open. */
export interface FullScreen {
  readonly columns: number;
  readonly rows: number;
  /** Shows these lines, each of fewer than `columns`. Only those that have changed are written. */
  draw(lines: readonly string[]): void;
  onKey(handler: (key: string) => void): void;
  onResize(handler: () => void): void;
  /** Gives the terminal back as it was. Idempotent. */
  close(): void;
}

// Another screen without a cursor, where a line that is too long is cut and not wrapped; and all of it undone.
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[H\u001b[2J";
const LEAVE = "\u001b[?2026l\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";
// Terminals that know it show what is between these at once; the others ignore it.
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";

/** What is written to show `after` where `before` is shown; empty when nothing has changed. Pure. */
export function frame(before: readonly string[] | null, after: readonly string[]): string {
  const changed = after.flatMap((line, index) => {
    if (before !== null && before[index] === line) return [];
    return [`\u001b[${index + 1};1H${line}\u001b[0m\u001b[K`];
  });
  const below = (before?.length ?? 0) > after.length ? [`\u001b[${after.length + 1};1H\u001b[J`] : [];
  if (before !== null && changed.length + below.length === 0) return "";
  return [BEGIN, before === null ? "\u001b[2J" : "", ...changed, ...below, END].join("");
}

/** Takes the terminal. `atExit` is told what to write should the process end before `close`. */
export function openFullScreen({
  input,
  output,
  atExit,
}: {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly atExit: (handler: () => void) => () => void;
}): FullScreen {
  let shown: readonly string[] | null = null;
  let open = true;
  const leave = (): void => {
    if (!open) return;
    open = false;
    if (input.isTTY) input.setRawMode(false);
    output.write(LEAVE);
  };
  const forgetExit = atExit(leave);
  const undo: (() => void)[] = [];
  input.setRawMode(true);
  input.setEncoding("utf8").resume();
  output.write(ENTER);
  return {
    get columns() {
      return output.columns || 80;
    },
    get rows() {
      return output.rows || 24;
    },
    draw(lines) {
      // A terminal that does not keep up gets the next frame instead.
      if (!open || output.writableNeedDrain) return;
      const text = frame(shown, lines);
      shown = [...lines];
      if (text !== "") output.write(text);
    },
    onKey(handler) {
      const each = (text: string): void => {
        for (const key of text) handler(key);
      };
      input.on("data", each);
      undo.push(() => input.off("data", each));
    },
    onResize(handler) {
      const resized = (): void => {
        shown = null; // What a terminal keeps of its lines at another width is its own affair.
        handler();
      };
      output.on("resize", resized);
      undo.push(() => output.off("resize", resized));
    },
    close() {
      for (const step of undo.splice(0)) step();
      input.pause();
      forgetExit();
      leave();
    },
  };
}
