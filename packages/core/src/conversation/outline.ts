import type { LiveEvent, TodoItem } from "./event.ts";
import { todoChanges } from "./todo.ts";

/** An event at its place in the conversation, with what belongs to it. */
export interface Entry {
  readonly event: LiveEvent;
  /** Of a tool call, in order: what its sub-agent did, its answers, what was said about it (see `isAnswer`). */
  readonly children: readonly Entry[];
  /** For how many events of its topic in a row it stands; it shows the newest. */
  readonly times: number;
  /** Epoch ms of the first of them. */
  readonly began: number;
  /** Of a todo list: the items that are new or have another status than before. */
  readonly changed: readonly TodoItem[];
}

/** Where an event went. */
export interface Placed {
  readonly entry: Entry;
  /** The tool call that it is under. */
  readonly under: Entry | null;
  /** Sub-agents around it. */
  readonly depth: number;
}

interface Node extends Entry {
  event: LiveEvent;
  readonly children: Node[];
  times: number;
}

interface Call {
  readonly node: Node;
  readonly depth: number;
}

/**
 * Puts a run's events in order, one at a time: sub-agents under the call that started them, answers under their call,
 * and what is said twice only once. An answer or a sub-agent whose call is not known stands by itself.
 */
export class Outline {
  readonly #root: Node[] = [];
  readonly #calls = new Map<string, Call>();
  readonly #todos = new Map<string, readonly TodoItem[]>();

  get entries(): readonly Entry[] {
    return this.#root;
  }

  /** The agent's own list as it is now; sub-agents have theirs. */
  get todo(): readonly TodoItem[] {
    return this.#todos.get("") ?? [];
  }

  /** @returns null where the event says nothing new. */
  add(event: LiveEvent): Placed | null {
    const asked = isReply(event) ? this.#callOf(event.call) : null;
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

/** Entries before a result that may be of its turn: what it repeats is among the last ones. */
const MAX_TURN = 100;

/** A whole conversation as a tree; its todo list's newest state is in the last entry of kind `todo`. */
export function outline(events: readonly LiveEvent[]): readonly Entry[] {
  const all = new Outline();
  for (const event of events) all.add(event);
  return all.entries;
}

/** Does this child of a call answer it? Else it is its sub-agent's. */
export function isAnswer(child: Entry, call: Entry): boolean {
  return isReply(child.event) && child.event.call !== undefined && child.event.call === call.event.call;
}

function isReply({ kind }: LiveEvent): boolean {
  return kind === "tool-result" || kind === "notice";
}

/** A refusal comes as a notice and as the answer, a sub-agent's last words are its report, and a list shows itself. */
function isReportedBy({ event: call, children }: Node, { text, isError }: LiveEvent): boolean {
  if (call.kind === "todo" && isError !== true) return true;
  const last = children.at(-1)?.event.text ?? "";
  return last !== "" && text.endsWith(last);
}

/** A result may come after words of the next turn. */
function recentWords(list: readonly Node[]): string[] {
  return list.slice(-MAX_TURN).flatMap(({ event }) => (event.kind === "text" ? [event.text] : []));
}

/** The result repeats words of the agent; either may have been shortened. */
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
