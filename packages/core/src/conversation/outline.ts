import type { LiveEvent, TodoItem } from "./event.ts";
import { todoChanges } from "./todo.ts";

/** An event at its position in the conversation, with the events that belong to it. */
export interface OutlineEntry {
  readonly event: LiveEvent;
  /** The events of a tool call, in order: those of its sub-agent, its results, and notices about it (see `isToolResult`). */
  readonly children: readonly OutlineEntry[];
  /** Number of consecutive events of its topic that the entry represents. It shows the newest. */
  readonly times: number;
  /** Epoch ms of the first of them. */
  readonly began: number;
  /** With a todo list: the items that are new or have another status than before. */
  readonly changed: readonly TodoItem[];
}

/** The position at which an event was added. */
export interface Position {
  readonly entry: OutlineEntry;
  /** The tool call to which it belongs. */
  readonly under: OutlineEntry | null;
  /** Number of nested sub-agents. */
  readonly depth: number;
}

interface Node extends OutlineEntry {
  event: LiveEvent;
  readonly children: Node[];
  times: number;
}

interface Call {
  readonly node: Node;
  readonly depth: number;
}

/**
 * Orders the events of a run as a tree, one event at a time: sub-agents under the call that started them, results under their call, and
 * repeated texts only once. A result or a sub-agent whose call is unknown is at the top level.
 */
export class Outline {
  readonly #root: Node[] = [];
  readonly #calls = new Map<string, Call>();
  readonly #todos = new Map<string, readonly TodoItem[]>();

  get entries(): readonly OutlineEntry[] {
    return this.#root;
  }

  /** The current list of the agent. Sub-agents have their own lists. */
  get todo(): readonly TodoItem[] {
    return this.#todos.get("") ?? [];
  }

  /** Add an event. @returns its position; null: the event adds nothing new */
  add(event: LiveEvent): Position | null {
    const asked = isResultOrNotice(event) ? this.#callOf(event.call) : null;
    if (asked !== null && isReportedBy(asked.node, event)) return null;
    const started = this.#callOf(event.parent);
    const call = asked ?? started;
    const list = call?.node.children ?? this.#root;
    const place = { under: call?.node ?? null, depth: asked?.depth ?? (started === null ? 0 : started.depth + 1) };
    const last = list.at(-1);
    if (last !== undefined && event.topic !== undefined && last.event.topic === event.topic) {
      last.event = event;
      last.times += 1;
      return { entry: last, ...place };
    }
    const shown = event.kind === "result" ? withoutEcho(event, recentWords(list)) : event;
    const entry: Node = { event: shown, children: [], times: 1, began: event.at, changed: this.#changed(event) };
    list.push(entry);
    if (asked === null && event.call !== undefined) this.#calls.set(event.call, { node: entry, depth: place.depth });
    return { entry, ...place };
  }

  #callOf(id: string | undefined): Call | null {
    return id === undefined ? null : (this.#calls.get(id) ?? null);
  }

  #changed({ todo, parent = "" }: LiveEvent): TodoItem[] {
    if (todo === undefined) return [];
    const changed = todoChanges(this.#todos.get(parent) ?? [], todo);
    this.#todos.set(parent, todo);
    return changed;
  }
}

/** Number of entries before a result that are checked for a text that the result repeats. */
const MAX_TURN = 100;

/** Return a complete conversation as a tree. The newest state of its todo list is in the last entry of kind `todo`. */
export function outline(events: readonly LiveEvent[]): readonly OutlineEntry[] {
  const all = new Outline();
  for (const event of events) all.add(event);
  return all.entries;
}

/** Return whether a child of a call is its result. Otherwise the child is an event of its sub-agent. */
export function isToolResult(child: OutlineEntry, call: OutlineEntry): boolean {
  return isResultOrNotice(child.event) && child.event.call !== undefined && child.event.call === call.event.call;
}

function isResultOrNotice({ kind }: LiveEvent): boolean {
  return kind === "tool-result" || kind === "notice";
}

/**
 * Return whether a result repeats what the call already shows: a refusal, which is also a notice, the last message of a sub-agent, or a
 * todo list.
 */
function isReportedBy({ event: call, children }: Node, { text, isError }: LiveEvent): boolean {
  if (call.kind === "todo" && isError !== true) return true;
  const last = children.at(-1)?.event.text ?? "";
  return last !== "" && text.endsWith(last);
}

/** Return the texts before a result, which may be after texts of the next turn. */
function recentWords(list: readonly Node[]): string[] {
  return list.slice(-MAX_TURN).flatMap(({ event }) => (event.kind === "text" ? [event.text] : []));
}

/** Return the result without a text that repeats the agent's. Each of the two may have been shortened. */
function withoutEcho(result: LiveEvent, words: readonly string[]): LiveEvent {
  return words.some((text) => sameWords(result.text, text)) ? { ...result, text: "" } : result;
}

function sameWords(a: string, b: string): boolean {
  const [short = "", long = ""] = [a, b]
    .map((text) => text.replace(/…$/, "").trim())
    .toSorted((one, other) => one.length - other.length);
  const shortened = a.endsWith("…") || b.endsWith("…");
  return short !== "" && (short === long || (shortened && long.startsWith(short)));
}
