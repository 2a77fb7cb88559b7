import { fstatSync } from "node:fs";
import { formatReference, parseJobId } from "../domain/reference.ts";

type Fields = Readonly<Record<string, unknown>>;

/** pino's levels as systemd's priorities: sd-daemon(3). */
const PRIORITIES: readonly (readonly [level: number, priority: number])[] = [
  [60, 2],
  [50, 3],
  [40, 4],
  [30, 6],
];
const DEBUG = 7;
const LEVELS: readonly (readonly [level: number, name: string])[] = [
  [60, "fatal"],
  [50, "error"],
  [40, "warn"],
  [30, "info"],
];
const ERROR = 50;
/** Fields that the journal stores itself, or that are elsewhere in the line. */
const ELSEWHERE: ReadonlySet<string> = new Set(["level", "time", "pid", "hostname", "name", "msg", "issue", "err"]);
const MAX_TEXT = 1000;
const MAX_FIELD = 200;
const MAX_STACK_LINES = 30;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** Return whether standard output is systemd's journal: systemd sets `JOURNAL_STREAM` to its device and inode. */
export function writesToJournal(env: Readonly<Record<string, string | undefined>>): boolean {
  const [device, inode] = (env["JOURNAL_STREAM"] ?? "").split(":").map(Number);
  if (!device || !inode) return false;
  try {
    const { dev, ino } = fstatSync(1);
    return dev === device && ino === inode;
  } catch {
    return false; // Standard output is closed.
  }
}

/** Return the function that formats JSON log lines: unchanged, unless `LOG_FORMAT` or systemd's journal requires readable lines. */
export function lineFormat(env: Readonly<Record<string, string | undefined>>): (line: string) => string {
  const wanted = env["LOG_FORMAT"]?.trim();
  if (wanted === "json") return (line) => line;
  if (writesToJournal(env)) return journalLine;
  return wanted === "text" ? textLine : (line) => line;
}

/**
 * Format a JSON line of pino for the journal: priority, issue, message, cause, other fields, and for an error also the lines of its
 * stack. A line that is not JSON is returned unchanged.
 */
export function journalLine(line: string): string {
  return linesOf(line, ({ level }) => `<${PRIORITIES.find(([from]) => level >= from)?.[1] ?? DEBUG}>`);
}

/** Format a JSON line with its time and level, for a terminal or a container's log: `2026-11-28 23:04:05 warn  octo/hello#3  …`. */
export function textLine(line: string): string {
  return linesOf(line, ({ level, time }) => {
    const name = LEVELS.find(([from]) => level >= from)?.[1] ?? "debug";
    // The Swedish format is that of ISO 8601; the time zone is the one of this process.
    return `${new Date(time).toLocaleString("sv-SE")} ${name.padEnd(6)}`;
  });
}

/** @param prefix begins each line */
function linesOf(line: string, prefix: (of: { readonly level: number; readonly time: number }) => string): string {
  const fields = parse(line);
  if (fields === null) return line;
  const level = typeof fields["level"] === "number" ? fields["level"] : 30;
  const begin = prefix({ level, time: typeof fields["time"] === "number" ? fields["time"] : 0 });
  const error = errorOf(fields["err"]);
  const issue = typeof fields["issue"] === "string" ? `${readable(fields["issue"])}  ` : "";
  const message = text(fields["msg"]) || error.message || "(no message)";
  const cause = error.message === "" || message.includes(error.message) ? "" : `: ${error.message}`;
  const rest = Object.entries(fields).flatMap(([name, value]) => (ELSEWHERE.has(name) ? [] : [field(name, value)]));
  const more = rest.length === 0 ? "" : ` (${rest.join(", ")})`;
  const stack = level >= ERROR ? error.stack : [];
  return [`${issue}${message}${cause}${more}`, ...stack].map((one) => `${begin}${one}\n`).join("");
}

/** Format lines that are not log lines, such as the problems of a configuration, as errors. */
export function journalErrors(lines: string): string {
  return lines.replaceAll(/^/gm, "<3>");
}

function parse(line: string): Fields | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line) as Fields;
  } catch {
    return null;
  }
}

function errorOf(value: unknown): { readonly message: string; readonly stack: readonly string[] } {
  if (typeof value !== "object" || value === null) return { message: text(value), stack: [] };
  const { message, stack } = value as Fields;
  const lines = typeof stack === "string" ? stack.split("\n").filter((one) => /^\s+at /.test(one)) : [];
  return { message: text(message), stack: lines.slice(0, MAX_STACK_LINES).map((one) => `    ${text(one).trim()}`) };
}

function field(name: string, value: unknown): string {
  const shown = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return `${name} ${text(shown).slice(0, MAX_FIELD)}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, MAX_TEXT).replaceAll(CONTROL, " ") : "";
}

function readable(issue: string): string {
  const reference = parseJobId(issue);
  return text(reference === null ? issue : formatReference(reference));
}
