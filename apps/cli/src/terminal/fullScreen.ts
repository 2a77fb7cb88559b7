import type { ReadStream, WriteStream } from "node:tty";

/** The full screen of a terminal. */
export interface FullScreen {
  readonly columns: number;
  readonly rows: number;
  /** Show these lines, each shorter than `columns`. Only changed lines are written. */
  draw(lines: readonly string[]): void;
  onKey(handler: (key: string) => void): void;
  onResize(handler: () => void): void;
  /** Restore the terminal. Idempotent. */
  close(): void;
}

// Switch to the alternate screen, hide the cursor and disable line wrapping; and undo all of this.
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[H\u001b[2J";
const LEAVE = "\u001b[?2026l\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";
// Synchronized output: terminals that support it show the text between these sequences at once; others ignore them.
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";

/** Return the text that changes the screen from `before` to `after`; `""`: nothing has changed. Pure. */
export function frame(before: readonly string[] | null, after: readonly string[]): string {
  const changed = after.flatMap((line, index) => {
    if (before !== null && before[index] === line) return [];
    return [`\u001b[${index + 1};1H${line}\u001b[0m\u001b[K`];
  });
  const below = (before?.length ?? 0) > after.length ? [`\u001b[${after.length + 1};1H\u001b[J`] : [];
  if (before !== null && changed.length + below.length === 0) return "";
  return [BEGIN, before === null ? "\u001b[2J" : "", ...changed, ...below, END].join("");
}

/** Open the full screen. `atExit` registers the function that restores the terminal if the process ends before `close`. */
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
        shown = null; // After a resize, the content of the screen is undefined.
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
