import type { Redis } from "ioredis";
import { z } from "zod";
import { EVENTS_KEY, NOTIFY_KEY, NOTIFY_PENDING_KEY } from "@tac8/core/state/keys";
import { holdMemorySchema, storedHolds } from "./holds.ts";
import { messageSchema, type Message } from "@tac8/core/notify/message";
import type { TargetName } from "@tac8/core/notify/targets";

const memorySchema = z.object({
  holds: holdMemorySchema,
  /** The last day whose summary was sent, or was already due before notifications were configured. */
  summaryOf: z.string(),
});
export type Memory = z.infer<typeof memorySchema>;

/** The position in the event log up to which notifications were made, and what was remembered of those events. */
export interface Position {
  readonly cursor: string;
  readonly memory: Memory;
  /** The memory as it is stored, by which `advance` detects that another process has advanced. */
  readonly text: string;
}

const pendingSchema = z.object({
  target: z.enum(["slack", "ntfy", "webhook"]),
  message: messageSchema,
  /** Epoch ms. */
  addedAt: z.number(),
  tries: z.number(),
  /** When a process started to send it, in epoch ms; null: no process does. */
  sendingSince: z.number().nullable(),
});
/** A message that a target has not received yet. */
export type Pending = z.infer<typeof pendingSchema>;

export interface StoredPending extends Pending {
  readonly field: string;
  readonly text: string;
}

/** Read the position. If there is none, start at the end of the event log, because older events are not news. */
export async function readPosition(redis: Redis, fresh: Memory): Promise<Position> {
  const [cursor, text] = await redis.hmget(NOTIFY_KEY, "cursor", "memory");
  const memory = parse(memorySchema, text ?? null);
  if (cursor && text && memory !== null) return { cursor, memory, text };
  const [newest] = await redis.xrevrange(EVENTS_KEY, "+", "-", "COUNT", 1);
  const first = cursor || (newest?.[0] ?? "0");
  const begun = textOf(fresh);
  await redis.hset(NOTIFY_KEY, "cursor", first, "memory", begun);
  return { cursor: first, memory: fresh, text: begun };
}

/** KEYS: position, pending. ARGV: expected cursor and memory, new cursor and memory, then fields and values of the new messages. */
const ADVANCE = `
local at = redis.call('HMGET', KEYS[1], 'cursor', 'memory')
if at[1] ~= ARGV[1] or at[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'cursor', ARGV[3], 'memory', ARGV[4])
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1`;

/** Advance the position and store the messages for each target, in one step. @returns false if another process has advanced it */
export async function advance(
  redis: Redis,
  from: Position,
  to: {
    readonly cursor: string;
    readonly memory: Memory;
    readonly messages: readonly Message[];
    readonly targets: readonly TargetName[];
    readonly now: number;
  },
): Promise<boolean> {
  const entries = to.messages.flatMap((message) =>
    to.targets.flatMap((target) => {
      const pending: Pending = { target, message, addedAt: to.now, tries: 0, sendingSince: null };
      return [`${target} ${message.id}`, JSON.stringify(pending)];
    }),
  );
  const memory = textOf(to.memory);
  const args = [from.cursor, from.text, to.cursor, memory, ...entries];
  return (await redis.eval(ADVANCE, 2, NOTIFY_KEY, NOTIFY_PENDING_KEY, ...args)) === 1;
}

/** Return the pending messages, oldest first. `createDelivery` limits their number. */
export async function readPending(redis: Redis): Promise<StoredPending[]> {
  const all = await redis.hgetall(NOTIFY_PENDING_KEY);
  const found: StoredPending[] = [];
  for (const [field, text] of Object.entries(all)) {
    const pending = parse(pendingSchema, text);
    if (pending === null)
      await redis.hdel(NOTIFY_PENDING_KEY, field); // Written by another version.
    else found.push({ ...pending, field, text });
  }
  // Of two events in the same millisecond, `…-9` is older than `…-10`.
  const byId = new Intl.Collator("en", { numeric: true });
  return found.toSorted((a, b) => a.message.at.localeCompare(b.message.at) || byId.compare(a.field, b.field));
}

/** KEYS: pending. ARGV: field, expected value, new value or `""`. */
const REPLACE = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1`;

/** Change a pending message, or remove it (null). @returns null if it was removed, or if another process has changed it */
export async function replacePending(
  redis: Redis,
  { field, text, ...before }: StoredPending,
  change: Partial<Pick<Pending, "tries" | "sendingSince">> | null,
): Promise<StoredPending | null> {
  const after = { ...before, ...change };
  const next = change === null ? "" : JSON.stringify(after);
  const done = await redis.eval(REPLACE, 1, NOTIFY_PENDING_KEY, field, text, next);
  return done === 1 ? { ...after, field, text: next } : null;
}

/** Delete position and messages, because no target is configured. A target that is configured later gets only newer events. */
export async function forget(redis: Redis): Promise<void> {
  await redis.del(NOTIFY_KEY, NOTIFY_PENDING_KEY);
}

function textOf(memory: Memory): string {
  return JSON.stringify({ ...memory, holds: storedHolds(memory.holds) });
}

function parse<T>(schema: z.ZodType<T>, text: string | null): T | null {
  try {
    return text === null ? null : (schema.safeParse(JSON.parse(text)).data ?? null);
  } catch {
    return null;
  }
}
