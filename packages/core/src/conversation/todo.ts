import { TODO_STATUSES, type TodoItem } from "./event.ts";
import { asArray, asObject, asString, type Json } from "./json.ts";

const MAX_ITEMS = 100;
const MAX_ITEM = 200;

/** Return the list in the input of `TodoWrite`. */
export function todoItems(input: unknown): TodoItem[] {
  return asArray(asObject(input)?.["todos"])
    .slice(0, MAX_ITEMS)
    .map((item) => asObject(item) ?? {})
    .map((item) => ({ text: (asString(item["content"]) ?? "").slice(0, MAX_ITEM), status: statusOf(item["status"]) }));
}

/** A todo list that `TaskCreate` and `TaskUpdate` maintain, by task id. */
export class TaskList {
  #tasks = new Map<string, TodoItem>();
  /** Subjects of calls without a result. */
  #asked = new Map<string, string>();

  get items(): TodoItem[] {
    return [...this.#tasks.values()];
  }

  ask(call: string, input: Json): void {
    if (this.#asked.size < MAX_ITEMS) this.#asked.set(call, (asString(input["subject"]) ?? "").slice(0, MAX_ITEM));
  }

  /** Add a result. @returns whether it belongs to a `TaskCreate` that has created a task */
  answer(call: string, result: string): boolean {
    const text = this.#asked.get(call);
    const id = /^Task #(\S{1,40}) created/.exec(result)?.[1];
    this.#asked.delete(call);
    if (text === undefined || id === undefined || this.#tasks.size >= MAX_ITEMS) return false;
    this.#tasks.set(id, { text, status: "pending" });
    return true;
  }

  /** Apply a `TaskUpdate`. @returns whether the list has changed */
  update(input: Json): boolean {
    const id = asString(input["taskId"]) ?? "";
    const before = this.#tasks.get(id);
    if (before === undefined) return false;
    if (input["status"] === "deleted") return this.#tasks.delete(id);
    const text = asString(input["subject"])?.slice(0, MAX_ITEM) ?? before.text;
    const status = input["status"] === undefined ? before.status : statusOf(input["status"]);
    this.#tasks.set(id, { text, status });
    return text !== before.text || status !== before.status;
  }
}

/** Return the items that are new or have another status. */
export function todoChanges(before: readonly TodoItem[], now: readonly TodoItem[]): TodoItem[] {
  const known = new Map(before.map(({ text, status }) => [text, status]));
  return now.filter(({ text, status }) => known.get(text) !== status);
}

/** Return the progress, followed by the item in progress: `2 of 5 done: Write the test`. */
export function describeTodo(items: readonly TodoItem[]): string {
  const done = items.filter(({ status }) => status === "completed").length;
  const now = items.find(({ status }) => status === "in_progress");
  return `${done} of ${items.length} done${now === undefined ? "" : `: ${now.text}`}`;
}

function statusOf(status: unknown): TodoItem["status"] {
  return TODO_STATUSES.find((known) => known === status) ?? "pending";
}
