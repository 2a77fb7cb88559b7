import type { Context } from "../context/context.ts";
import { painter, wrap } from "../terminal/text.ts";
import { renderLogLine, type LogLine } from "./logLine.ts";

/** What `tac8 up` shows while it runs. */
export interface Screen {
  /** First lines; the first of them is the headline. */
  banner(lines: readonly string[]): void;
  /** An address to open, so that nobody misses it. */
  address(name: string, url: string, notes?: readonly string[]): void;
  event(app: string, line: LogLine): void;
  warn(app: string, message: string): void;
  /** `up` itself speaks. */
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
      // A path is broken by the terminal alone, so that it can be copied.
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
