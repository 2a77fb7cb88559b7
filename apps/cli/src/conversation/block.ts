import { formatCount, formatUsd } from "@tac8/core/domain/formats";
import type { LiveEvent, TodoItem } from "@tac8/core/conversation/event";
import { tokensIn } from "@tac8/core/domain/usage";
import type { OutlineEntry } from "@tac8/core/conversation/outline";
import { cut, fold, plain, plainLines, type Paint } from "../terminal/text.ts";

export interface BlockOptions {
  /** Maximum number of columns of a line. */
  readonly width: number;
  readonly detailed: boolean;
  readonly paint: Paint;
}

/** Maximum numbers of lines, unless `detailed`. */
const RESULT_LINES = 4;
const TOOL_LINES = 3;
const THINKING_LINES = 3;
const BOXES: Record<TodoItem["status"], string> = { pending: "[ ]", in_progress: "[>]", completed: "[x]" };

/** Render one event, without its nested entries. */
export function renderBlock({ event, changed }: OutlineEntry, options: BlockOptions): string[] {
  const { paint } = options;
  switch (event.kind) {
    case "init":
      return wrapped(event.text, options).map((line) => paint("dim", line));
    case "text":
      return wrapped(event.text, options).map((line) => (event.isError === true ? paint("red", line) : line));
    case "thinking":
      return marked("~ ", limited(event.text, THINKING_LINES, options)).map((line) => paint("dim", line));
    case "tool":
      return toolLines(event, options);
    case "tool-result":
      return answerLines(event, options);
    case "todo":
      return todoLines(event, changed, options);
    case "notice":
      return marked("! ", limited(event.text, RESULT_LINES, options)).map((line) =>
        paint(event.isError === true ? "red" : "yellow", line),
      );
    case "result":
      return resultLines(event, options);
    case "output":
      return wrapped(event.text, options);
    default:
      return event.kind satisfies never;
  }
}

/** Render the result of a tool call, or a message about the call. */
export function answerLines(event: LiveEvent, options: BlockOptions): string[] {
  const { paint } = options;
  const bad = event.isError === true;
  if (event.text === "") return [paint("dim", "  (no output)")];
  return marked(bad ? "✗ " : "  ", limited(event.text, RESULT_LINES, options)).map((line) =>
    paint(bad ? "red" : "dim", line),
  );
}

/** Return a tool call on one line, such as `↳ Bash  git status`, to show it again above a later result. */
export function callLine({ tool, text }: LiveEvent, { width, paint }: BlockOptions): string {
  const words = plain((text.split("\n", 1)[0] ?? "").slice(0, 8 * width));
  return paint("dim", cut(`↳ ${plain(tool ?? "todo")}  ${words}`, width));
}

function toolLines({ tool = "?", text }: LiveEvent, options: BlockOptions): string[] {
  const { paint } = options;
  const name = plain(tool);
  const [first = "", ...others] = limited(`${name}  ${text}`, TOOL_LINES, options);
  const head = first.startsWith(name) ? `${paint("bold", name)}${first.slice(name.length)}` : first;
  return [`${paint("cyan", "▸")} ${head}`, ...others.map((line) => `  ${line}`)];
}

function todoLines({ todo = [] }: LiveEvent, changed: readonly TodoItem[], options: BlockOptions): string[] {
  const { paint } = options;
  const done = todo.filter(({ status }) => status === "completed").length;
  const items = changed.flatMap(({ text, status }) => {
    const lines = marked(`${BOXES[status]} `, wrapped(text, { ...options, width: options.width - 6 }));
    return lines.map((line) => `  ${status === "completed" ? paint("dim", line) : line}`);
  });
  return [`${paint("cyan", "▸")} ${paint("bold", "todo")}  ${done} of ${todo.length} done`, ...items];
}

function resultLines({ text, isError, topic, turns = 0, figures }: LiveEvent, options: BlockOptions): string[] {
  const { paint } = options;
  const [color, word] =
    topic === "interrupted"
      ? (["yellow", "interrupted"] as const)
      : isError === true
        ? (["red", "failed"] as const)
        : (["green", "done"] as const);
  const tokens = figures === undefined ? 0 : tokensIn(figures);
  const facts = [
    ...(turns > 0 ? [formatCount(turns, "turn")] : []),
    ...(tokens > 0 ? [formatCount(tokens, "token")] : []),
    ...(figures !== undefined && figures.costUsd > 0 ? [formatUsd(figures.costUsd)] : []),
  ].map((fact) => ` · ${fact}`);
  const [first = "", ...more] = fold(`■ ${word}${facts.join("")}`, options.width);
  const mark = `■ ${word}`.length;
  const head = [`${paint(color, first.slice(0, mark))}${paint("dim", first.slice(mark))}`, ...more];
  if (topic === "interrupted") return head;
  return [...head, ...marked("  ", wrapped(text, { ...options, width: options.width - 2 }))];
}

/** Put a mark in front of the first line, and the same number of spaces in front of the others. */
function marked(mark: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${index === 0 ? mark : " ".repeat(mark.length)}${line}`);
}

function wrapped(text: string, { width }: Pick<BlockOptions, "width">): string[] {
  return plainLines(text).flatMap((line) => fold(line, width));
}

/** Wrap and shorten a text, with space for a mark in front. */
function limited(text: string, max: number, { width, detailed }: BlockOptions): string[] {
  const lines = wrapped(text, { width: width - 2 });
  // Showing one more line takes no more space than a line about it.
  if (detailed || lines.length <= max + 1) return lines;
  return [...lines.slice(0, max), `… ${lines.length - max} more lines`];
}
