import type { Figures } from "../domain/usage.ts";
import type { LiveEvent } from "./event.ts";
import { figuresOfMessage, figuresSinceLastResult } from "./figures.ts";
import { asArray, asCount, asObject, asString, contentOf, textOf, type Json } from "./json.ts";
import { PartialMessages } from "./partial.ts";
import { describeTodo, TaskList, todoItems } from "./todo.ts";
import { mainArgument, toolText } from "./toolText.ts";

type Entry = Omit<LiveEvent, "at">;

/** Number of ids that are stored per kind. Older calls and tasks are finished. */
const MAX_IDS = 1000;
/** Maximum number of denials per result. */
const MAX_DENIALS = 20;
const REFUSED = "The user doesn't want to proceed with this tool use.";

/**
 * Reads the CLI's events one after the other, as one conversation, and returns the entries to display: one per content block, none for
 * internal events. Their texts are neither shortened nor cleaned.
 */
export class ClaudeReader {
  readonly #whole: boolean;
  #cwd = "";
  #init = "";
  /** Model responses whose tokens are counted. Each block of a response repeats its tokens. */
  readonly #counted = new RecentSet(MAX_IDS);
  /** Calls and tasks that are running in the background. */
  readonly #background = new RecentSet(MAX_IDS);
  /** Calls whose denial an event has reported. */
  readonly #denied = new RecentSet(MAX_IDS);
  readonly #tasks = new Map<string, TaskList>();
  readonly #partial = new PartialMessages();

  /** `whole`: include the complete input of a tool, and the parts of a tool's result that are only for the model. */
  constructor({ whole = false }: { readonly whole?: boolean } = {}) {
    this.#whole = whole;
  }

  /** `at`: epoch ms, for an event without a time. */
  read(event: Json, at: number): LiveEvent[] {
    const parent = asString(event["parent_tool_use_id"]);
    const own = Date.parse(asString(event["timestamp"]) ?? "");
    const stamp = Number.isFinite(own) ? own : at;
    return this.#entries(event).map((entry) => ({ at: stamp, ...entry, ...(parent !== null && { parent }) }));
  }

  /** Return the incomplete message of an agent that was killed. */
  end(at: number): LiveEvent[] {
    const { text, figures } = this.#partial.take();
    return text === "" ? [] : [{ at, kind: "text", text: `${text} [cut off]`, ...(figures !== null && { figures }) }];
  }

  #entries(event: Json): Entry[] {
    switch (event["type"]) {
      case "assistant":
        return this.#assistant(event);
      case "user":
        return contentOf(event).flatMap((block) => this.#user(block, event));
      case "result":
        this.#partial.take();
        return [...this.#denials(event), resultEntry(event)];
      case "system":
        return this.#system(event);
      case "rate_limit_event":
        return rateLimitEntry(event);
      case "stream_event":
        this.#partial.add(event);
        return [];
      default:
        return [];
    }
  }

  #assistant(event: Json): Entry[] {
    const message = asObject(event["message"]) ?? {};
    this.#partial.take();
    const isError = event["is_api_error_message"] === true;
    const entries = contentOf(event)
      .flatMap((block) => this.#block(block, event))
      .map((entry) => (isError ? { ...entry, isError } : entry));
    const id = asString(message["id"]);
    if (id === null || entries.length === 0 || this.#counted.has(id)) return entries;
    const figures = figuresOfMessage(message);
    this.#counted.add(id);
    return withFigures(entries, figures);
  }

  #block(block: Json, event: Json): Entry[] {
    if (block["type"] === "text") return text("text", block["text"]);
    if (block["type"] === "thinking") return text("thinking", block["thinking"]);
    if (block["type"] !== "tool_use") return [];
    const tool = asString(block["name"]) ?? "?";
    const call = asString(block["id"]) ?? "";
    const input = asObject(block["input"]) ?? {};
    const todo = this.#todo(tool, call, input, event);
    if (todo !== null) return todo;
    return [{ kind: "tool", tool, text: toolText(input, { cwd: this.#cwd, whole: this.#whole }), call }];
  }

  /** Return the entries of a todo list tool; null: it is another tool. */
  #todo(tool: string, call: string, input: Json, event: Json): Entry[] | null {
    if (tool === "TodoWrite") return todoEntry(call, todoItems(input));
    if (tool !== "TaskCreate" && tool !== "TaskUpdate") return null;
    const tasks = this.#tasksOf(event);
    if (tool === "TaskCreate") tasks.ask(call, input);
    else if (tasks.update(input)) return todoEntry(call, tasks.items);
    return [];
  }

  #tasksOf(event: Json): TaskList {
    const owner = asString(event["parent_tool_use_id"]) ?? "";
    const known = this.#tasks.get(owner);
    const tasks = known ?? new TaskList();
    if (known === undefined && this.#tasks.size < MAX_IDS) this.#tasks.set(owner, tasks);
    return tasks;
  }

  #user(block: Json, event: Json): Entry[] {
    if (block["type"] === "text") return userText(block["text"]);
    if (block["type"] !== "tool_result") return [];
    const call = asString(block["tool_use_id"]) ?? "";
    const output = textOf(block["content"]);
    const tasks = this.#tasksOf(event);
    if (tasks.answer(call, output)) return todoEntry(call, tasks.items);
    const isError = block["is_error"] === true;
    return [{ kind: "tool-result", text: this.#resultText(call, output), call, ...(isError && { isError }) }];
  }

  /** Return the text of a tool's result without the parts that are only for the model. */
  #resultText(call: string, output: string): string {
    if (this.#whole) return output;
    if (this.#background.has(call)) return "continues in the background";
    return output.startsWith(REFUSED) ? "interrupted before it finished" : output;
  }

  #system(event: Json): Entry[] {
    const call = asString(event["tool_use_id"]);
    const about = call === null ? {} : { call };
    switch (event["subtype"]) {
      case "init":
        return this.#begin(event);
      case "api_retry":
        return [retryEntry(event)];
      case "model_fallback":
        return [
          { kind: "notice", text: `model ${stringOf(event["original_model"])} → ${stringOf(event["fallback_model"])}` },
        ];
      case "permission_denied":
        if (call !== null) this.#denied.add(call);
        return [{ kind: "notice", isError: true, text: stringOf(event["message"]) || "permission denied", ...about }];
      case "compact_boundary":
        return [{ kind: "notice", text: "the conversation so far was summarized to free context" }];
      case "informational":
        return text("notice", event["content"]);
      case "task_started":
        if (event["is_backgrounded"] === true && call !== null) this.#background.add(call);
        return [];
      case "task_notification":
        if (call === null || !this.#background.has(call)) return [];
        return [taskEntry(event, call)];
      default:
        return [];
    }
  }

  /** Return the denials of a result that no event has reported. */
  #denials(event: Json): Entry[] {
    return asArray(event["permission_denials"])
      .slice(0, MAX_DENIALS)
      .flatMap((entry): Entry[] => {
        const denial = asObject(entry) ?? {};
        const call = asString(denial["tool_use_id"]) ?? "";
        if (this.#denied.has(call)) return [];
        this.#denied.add(call);
        const input = mainArgument(asObject(denial["tool_input"]) ?? {}, this.#cwd);
        return [
          { kind: "notice", isError: true, text: `denied: ${stringOf(denial["tool_name"])} ${input}`.trim(), call },
        ];
      });
  }

  /** Return the entry of an `init`. Each turn of a session begins with one, and only the first is displayed. */
  #begin(event: Json): Entry[] {
    this.#cwd = asString(event["cwd"]) ?? "";
    const output = `${stringOf(event["model"]) || "?"}, session ${stringOf(event["session_id"]) || "?"}`;
    if (output === this.#init) return [];
    this.#init = output;
    return [{ kind: "init", text: output }];
  }
}

function todoEntry(call: string, todo: Entry["todo"] & object): Entry[] {
  return [{ kind: "todo", text: describeTodo(todo), call, todo }];
}

function resultEntry(event: Json): Entry {
  const isError = event["is_error"] !== false;
  const figures = figuresSinceLastResult(event);
  const turns = asCount(event["num_turns"]);
  if (stringOf(event["terminal_reason"]).startsWith("aborted")) {
    return { kind: "result", text: "interrupted", isError: true, figures, turns, topic: "interrupted" };
  }
  const output = stringOf(event["result"]) || textOf(event["errors"]);
  return { kind: "result", text: output || stringOf(event["subtype"]), ...(isError && { isError }), figures, turns };
}

function retryEntry(event: Json): Entry {
  const status = asCount(event["error_status"]) || "no answer";
  const error = stringOf(event["error"]);
  const what = `${status}${error === "" || error === "unknown" ? "" : ` ${error.replaceAll("_", " ")}`}`;
  const most = asCount(event["max_retries"]);
  const seconds = Math.round(asCount(event["retry_delay_ms"]) / 1000);
  const again = `retry ${asCount(event["attempt"])}${most > 0 ? ` of ${most}` : ""} after ${seconds} s`;
  return { kind: "notice", isError: true, text: `model API: ${what}, ${again}`, topic: `retry ${what}` };
}

function taskEntry(event: Json, call: string): Entry {
  const status = stringOf(event["status"]) || "ended";
  const summary = stringOf(event["summary"]);
  const isError = status !== "completed";
  const output = `${status} in the background${summary === "" ? "" : `: ${summary}`}`;
  return { kind: "notice", text: output, call, ...(isError && { isError }) };
}

function rateLimitEntry(event: Json): Entry[] {
  const info = asObject(event["rate_limit_info"]);
  if (info === null || info["status"] === "allowed") return [];
  return [{ kind: "notice", text: `rate limit: ${stringOf(info["status"]) || "?"}` }];
}

function userText(value: unknown): Entry[] {
  const output = stringOf(value).trim();
  if (!output.startsWith("[Request interrupted")) return text("notice", output);
  return [{ kind: "notice", text: "interrupted", topic: "interrupted" }];
}

function text(kind: LiveEvent["kind"], value: unknown): Entry[] {
  const output = stringOf(value).trim();
  return output === "" ? [] : [{ kind, text: output }];
}

function stringOf(value: unknown): string {
  return asString(value) ?? "";
}

function withFigures(entries: Entry[], figures: Figures | null): Entry[] {
  const [first, ...others] = entries;
  return first === undefined || figures === null ? entries : [{ ...first, figures }, ...others];
}

/** A bounded set of strings that drops the oldest ones. */
class RecentSet {
  readonly #max: number;
  readonly #items = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  has(item: string): boolean {
    return this.#items.has(item);
  }

  add(item: string): void {
    this.#items.add(item);
    const [oldest] = this.#items;
    if (this.#items.size > this.#max && oldest !== undefined) this.#items.delete(oldest);
  }
}
