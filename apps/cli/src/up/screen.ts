import type { Context } from "../context/context.ts";
import { painter, wrap } from "../terminal/text.ts";
import { renderLogLine, type LogLine } from "./logLine.ts";

/** The output of `tac8 up`. */
export interface Screen {
  /** Show the first lines, of which the first is the headline. */
  banner(lines: readonly string[]): void;
  /** Show an address to open, with emphasis. */
  address(name: string, url: string, notes?: readonly string[]): void;
  event(app: string, line: LogLine): void;
  warn(app: string, message: string): void;
  /** Show a line of `up` itself. */
  note(message: string): void;
}

export function createScreen({ out, now }: Pick<Context, "out" | "now">): Screen {
  const paint = painter(out.color);
  const event = (app: string, line: LogLine): void =>
    out.line(renderLogLine(app, line, { paint, columns: out.columns }));
  const say = (app: string, level: LogLine["level"], message: string): void =>
    event(app, { at: now(), level, message, issue: null, url: null });
  return {
    banner([headline = "", ...rest]) {
      // Lines are wrapped only between words, so that a path can be copied.
      const lines = out.columns === null ? rest : rest.flatMap((line) => wrap(line, out.columns ?? 80));
      out.line([paint("bold", headline), ...lines.map((line) => paint("dim", line))].join("\n"));
    },
    address(name, url, notes = []) {
      const more = notes.map((note) => `  ${paint("dim", note)}\n`).join("");
      out.line(`\n  ${paint("bold", `${name}:`.padEnd(8))} ${paint(["bold", "underline"], url)}\n${more}`);
    },
    event,
    warn: (app, message) => say(app, "warn", message),
    note: (message) => say("tac8", "info", message),
  };
}
