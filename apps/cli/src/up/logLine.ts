import { formatReference, parseJobId } from "@tac8/core/domain/reference";
import { clock } from "../terminal/time.ts";
import { pad, plain, wrap, type Paint } from "../terminal/text.ts";
import type { StreamName } from "./child.ts";

/** A line of an app's log, as far as an operator at the terminal wants it. */
export interface LogLine {
  /** Epoch ms. */
  readonly at: number;
  /** `fatal`: its app ends because of it. */
  readonly level: "info" | "warn" | "error" | "fatal";
  readonly message: string;
  /** A reference such as `octo/hello#3`, or a job id. */
  readonly issue: string | null;
  /** Where the board listens, in the one line that says so. */
  readonly url: string | null;
}

const INFO = 30;
const WARN = 40;
const ERROR = 50;
const FATAL = 60;
const MAX_MESSAGE = 1000;
/** What Node prints around an uncaught error's message: of use in the log file only. */
const CRASH_DETAIL = /^\s|^[\])}]|^(?:node:|file:)\S+:\d+$|^Node\.js v/;
const APP_COLUMNS = 9;
const INDENT = " ".repeat("00:00:00".length + APP_COLUMNS + 4);

/**
 * Reads pino's JSON; any other text is shown as it is, as a warning where it came from standard error. Levels below info
 * and stack traces are for the log file only.
 */
export function parseLogLine(text: string, given: { now: number; stream: StreamName }): LogLine | null {
  const { now, stream } = given;
  const fields = parse(text);
  if (fields === null) {
    if (stream === "stderr" && CRASH_DETAIL.test(text)) return null;
    const message = plain(text.slice(0, MAX_MESSAGE));
    const level = stream === "stderr" ? "warn" : "info";
    return message === "" ? null : { at: now, level, message, issue: null, url: null };
  }
  const level = typeof fields["level"] === "number" ? fields["level"] : INFO;
  if (level < INFO) return null;
  const message = textIn(fields["msg"]) || errorIn(fields) || "(no message)";
  return {
    at: typeof fields["time"] === "number" ? fields["time"] : now,
    level: level >= FATAL ? "fatal" : level >= ERROR ? "error" : level >= WARN ? "warn" : "info",
    message: level >= WARN ? withCause(message, errorIn(fields)) : message,
    issue: typeof fields["issue"] === "string" ? readable(fields["issue"]) : null,
    url: typeof fields["url"] === "string" ? plain(fields["url"]) : null,
  };
}

/** Where the board listens, if that is what the line says: in its field `url`, or as `board at http://…`. */
export function boardAddress({ message, url }: LogLine): string | null {
  if (message === "board listening") return url;
  return /^board at (https?:\/\/\S+)$/.exec(message)?.[1] ?? null;
}

/** `13:05:22  runner     octo/hello#3  work begun`, wrapped under itself where the terminal is narrower. */
export function renderLogLine(app: string, line: LogLine, how: { paint: Paint; columns: number | null }): string {
  const { paint, columns } = how;
  const mark = { info: "", warn: "! ", error: "✗ ", fatal: "✗ " }[line.level];
  const body = `${mark}${line.issue === null ? "" : `${line.issue}  `}${line.message}`;
  const [first = "", ...more] = columns === null ? [body] : wrap(body, Math.max(20, columns - INDENT.length));
  const color = (text: string) =>
    line.level === "info" ? text : paint(line.level === "warn" ? "yellow" : "red", text);
  const head = `${paint("dim", clock(line.at))}  ${paint("cyan", pad(app, APP_COLUMNS))}  `;
  return [head + color(first), ...more.map((text) => INDENT + color(text))].join("\n");
}

function parse(text: string): Record<string, unknown> | null {
  if (!text.startsWith("{")) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null; // Cut off, or no JSON after all: shown as it is.
  }
}

function errorIn(fields: Record<string, unknown>): string {
  const error = fields["err"] ?? fields["error"];
  return textIn(typeof error === "object" && error !== null && "message" in error ? error.message : error);
}

function textIn(value: unknown): string {
  return typeof value === "string" ? plain(value.slice(0, MAX_MESSAGE)) : "";
}

function withCause(message: string, cause: string): string {
  return cause === "" || message.includes(cause) ? message : `${message}: ${cause}`;
}

function readable(issue: string): string {
  const ref = parseJobId(issue);
  return plain(ref === null ? issue.slice(0, 200) : formatReference(ref));
}
