import type { LiveEvent, TodoItem } from "./event.ts";
import { todoChanges } from "./todo.ts";

/** An event at its place in the conversation, with what belongs to it. */
export interface Entry {
  readonly event: LiveEvent;
  /** Of a tool call: its answers, and what was said about it. */
  readonly results: readonly LiveEvent[];
  /** Of a tool call: what the sub-agent did that it started. */
  readonly children: readonly Entry[];
  /** For how many events of its topic in a row it stands; it shows the newest. */
  readonly times: number;
  /** Of a todo list: the items that are new or have another status than before. */
  readonly changed: readonly TodoItem[];
}

/** Where an event went: `depth` counts the sub-agents around it. */
export type Placed =
  | { readonly as: "entry"; readonly entry: Entry; readonly depth: number }
  | { readonly as: "result"; readonly entry: Entry; readonly result: LiveEvent; readonly depth: number }
  /** It says again what `entry` says, which now shows this one. */
  | { readonly as: "again"; readonly entry: Entry; readonly depth: number }
  /** It says nothing new. */
  | { readonly as: "nothing" };

interface Node extends Entry {
  event: LiveEvent;
  results: LiveEvent[];
  children: Node[];
  times: number;
}

/**
 * Puts a run's events in order, one at a time: sub-agents under the call that started them, answers under their call,
 * and what is said twice only once. An answer or a sub-agent whose call is not known stands by itself.
 */
export class Outline {
  readonly #root: Node[] = [];
  readonly #calls = new Map<string, { readonly node: Node; readonly depth: number }>();
  readonly #todos = new Map<string, readonly TodoItem[]>();

  get entries(): readonly Entry[] {
    return this.#root;
  }

  /** The agent's own list as it is now; sub-agents have theirs. */
  get todo(): readonly TodoItem[] {
    return this.#todos.get("") ?? [];
  }

  add(event: LiveEvent): Placed {
    const call = event.call === undefined ? undefined : this.#calls.get(event.call);
    if (call !== undefined && (event.kind === "tool-result" || event.kind === "notice")) {
      return addResult(call.node, event, call.depth);
    }
    const parent = event.parent === undefined ? undefined : this.#calls.get(event.parent);
    const list = parent?.node.children ?? this.#root;
    const depth = parent === undefined ? 0 : parent.depth + 1;
    const last = list.at(-1);
    if (last !== undefined && event.topic !== undefined && last.event.topic === event.topic) {
      last.event = event;
      last.times += 1;
      return { as: "again", entry: last, depth };
    }
    const node: Node = {
      event: event.kind === "result" ? withoutEcho(event, lastWords(list)) : event,
      results: [],
      children: [],
      times: 1,
      changed: this.#changed(event),
    };
    list.push(node);
    if (event.call !== undefined) this.#calls.set(event.call, { node, depth });
    return { as: "entry", entry: node, depth };
  }

  #changed({ todo, parent = "" }: LiveEvent): TodoItem[] {
    if (todo === undefined) return [];
    const changed = todoChanges(this.#todos.get(parent) ?? [], todo);
    this.#todos.set(parent, todo);
    return changed;
  }
}

/** A whole conversation as a tree; its todo list's newest state is in the last entry of kind `todo`. */
export function outline(events: readonly LiveEvent[]): readonly Entry[] {
  const all = new Outline();
  for (const event of events) all.add(event);
  return all.entries;
}

function addResult(node: Node, result: LiveEvent, depth: number): Placed {
  // A refusal comes as a notice and as the answer, a sub-agent's last words as its report too.
  const before = [...node.results, ...node.children.slice(-1).map(({ event }) => event)];
  if (before.some(({ text }) => text !== "" && result.text.endsWith(text))) return { as: "nothing" };
  // A list was written: the list itself says so.
  if (node.event.kind === "todo" && result.isError !== true) return { as: "nothing" };
  node.results.push(result);
  return { as: "result", entry: node, result, depth };
}

function lastWords(list: readonly Node[]): string {
  return list.findLast(({ event }) => event.kind === "text")?.event.text ?? "";
}

/** The result repeats the agent's last words; either may have been shortened. */
function withoutEcho(result: LiveEvent, words: string): LiveEvent {
  const [short = "", long = ""] = [result.text, words]
    .map((text) => text.replace(/…$/, "").trim())
    .toSorted((a, b) => a.length - b.length);
  const shortened = result.text.endsWith("…") || words.endsWith("…");
  const echo = short !== "" && (short === long || (shortened && long.startsWith(short)));
  return echo ? { ...result, text: "" } : result;
}
