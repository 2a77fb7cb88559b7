import { clean, clip } from "../domain/plainText.ts";
import type { LiveEvent, TodoItem } from "./event.ts";

const MAX_BYTES = 2048;
const MAX_NAME = 100;

/** Clean and shorten an event to at most 2 kB as JSON. */
export function shortenEvent(event: LiveEvent): LiveEvent {
  // Cleaning removes terminal codes, so the text may be longer before it.
  const whole = cleanEvent({ ...event, text: event.text.slice(0, 8 * MAX_BYTES) });
  for (let max = MAX_BYTES; ; max = Math.floor(max * 0.8)) {
    const todo = whole.todo === undefined ? {} : { todo: shortenTodo(whole.todo, max) };
    const short = { ...whole, ...todo, text: clip(whole.text, max) };
    if (max < 10 || Buffer.byteLength(JSON.stringify(short)) <= MAX_BYTES) return short;
  }
}

/** Clean an event without shortening its text. */
export function cleanEvent(event: LiveEvent): LiveEvent {
  const names = (["tool", "call", "parent", "topic"] as const).flatMap((name) => {
    const value = event[name];
    return value === undefined ? [] : [[name, clip(clean(value), MAX_NAME)]];
  });
  const todo = event.todo?.map((item) => ({ ...item, text: clean(item.text).replaceAll(/\s+/g, " ").trim() }));
  return {
    ...event,
    ...(Object.fromEntries(names) as Partial<LiveEvent>),
    ...(todo !== undefined && { todo }),
    text: clean(event.text).trim(),
  };
}

/** Shorten a todo list. Completed items are dropped first, because open ones are more informative. */
function shortenTodo(items: readonly TodoItem[], max: number): TodoItem[] {
  const short = items.map((item) => ({ ...item, text: clip(item.text, Math.max(10, Math.floor(max / 16))) }));
  const most = Math.max(1, Math.floor(max / 40));
  const open = short.filter(({ status }) => status !== "completed").slice(0, most);
  const room = most - open.length;
  const done = room === 0 ? [] : short.filter(({ status }) => status === "completed").slice(-room);
  return short.filter((item) => open.includes(item) || done.includes(item));
}
