import { formatReference, parseJobId } from "@tac8/core/domain/reference";
import { clock } from "../terminal/time.ts";
import { pad, plain, wrap, type Paint } from "../terminal/text.ts";
import type { StreamName } from "./child.ts";

/** The part of an app's log line that is shown on the terminal. */
export interface LogLine {
  /** Epoch ms. */
  readonly at: number;
  /** `fatal`: its app ends because of it. */
  readonly level: "info" | "warn" | "error" | "fatal";
  readonly message: string;
  /** A reference such as `octo/hello#3`, or a job id. */
  readonly issue: string | null;
  /** Address of the board, in the line that reports it. */
  readonly url: string | null;
}

const INFO = 30;
const WARN = 40;
const ERROR = 50;
const FATAL = 60;
const MAX_MESSAGE = 1000;
/** Lines that Node prints around the message of an uncaught error, which are useful only in the log file. */
const CRASH_DETAIL = /^\s|^[\])}]|^(?:node:|file:)\S+:\d+$|^Node\.js v/;
const APP_COLUMNS = 9;
const INDENT = " ".repeat("00:00:00".length + APP_COLUMNS + 4);

/**
 * Parse a line of pino's JSON. Any other text is shown as it is, as a warning if it is from standard error. Levels below info and
 * stack traces are only in the log file.
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

/** Return the address of the board if the line reports it, in the field `url` or as `board at http://…`. */
export function boardAddress({ message, url }: LogLine): string | null {
  if (message === "board listening") return url;
  return /^board at (https?:\/\/\S+)$/.exec(message)?.[1] ?? null;
}

/** Render a line such as `13:05:22  runner     octo/hello#3  work begun`, wrapped and indented on a narrow terminal. */
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
    return null; // Incomplete or not JSON, so it is shown as it is.
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
