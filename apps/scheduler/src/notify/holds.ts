import { z } from "zod";
import { meaningOf } from "@tac8/core/domain/eventMeaning";
import type { LoggedEvent } from "@tac8/core/domain/events";
import type { Message } from "@tac8/core/notify/message";

const holdSchema = z.object({
  /** Whether it stands now. */
  held: z.boolean(),
  /** What people believe. */
  told: z.boolean(),
  /** Epoch ms of the last time that its beginning was told; null: never. */
  toldAt: z.number().nullable(),
  /** Its last beginning. */
  event: z.string(),
  at: z.string(),
  reason: z.string(),
  by: z.string(),
  until: z.number().nullable(),
  /** Beginnings that were not reported. */
  silent: z.number(),
});
type Standing = z.infer<typeof holdSchema>;

export const holdMemorySchema = z.record(z.string(), holdSchema);
/** By the hold's name. */
export type HoldMemory = z.infer<typeof holdMemorySchema>;

/** A hold that comes and goes is told to begin at most so often; one that then stands is told late. */
export const QUIET_MS = 30 * 60_000;

/**
 * Pure. A beginning is told unless one was told lately, an end only where people believe that it stands; so each told
 * beginning gets its end, and what people believe becomes true at the latest after `QUIET_MS`.
 */
export function holdMessages(given: {
  readonly events: readonly LoggedEvent[];
  readonly memory: HoldMemory;
  readonly now: number;
}): { readonly told: Message[]; readonly memory: HoldMemory } {
  const memory: Record<string, Standing> = { ...given.memory };
  const told: Message[] = [];
  const look = (name: string, now: number): void => {
    const hold = memory[name];
    if (hold === undefined || !hold.held || hold.told) return;
    if (hold.toldAt !== null && now - hold.toldAt < QUIET_MS) return;
    told.push(begun(name, hold));
    memory[name] = { ...hold, told: true, toldAt: now, silent: 0 };
  };
  for (const event of given.events) {
    const meaning = meaningOf(event);
    if (meaning.of !== "hold" || meaning.name === "") continue;
    const { name, begins } = meaning;
    const before = memory[name];
    if (begins) {
      const silent =
        before === undefined || before.held ? (before?.silent ?? 0) : before.silent + (before.toldAt === null ? 0 : 1);
      memory[name] = {
        held: true,
        told: before?.told ?? false,
        toldAt: before?.toldAt ?? null,
        event: event.id,
        at: event.at,
        reason: event.reason,
        by: event.by,
        until: typeof event.evidence["until"] === "number" ? event.evidence["until"] : null,
        silent,
      };
      look(name, Date.parse(event.at));
    }
    if (!begins && before?.held === true) {
      if (before.told) told.push(ended(name, event));
      memory[name] = { ...before, held: false, told: false };
    }
  }
  for (const name of Object.keys(memory)) look(name, given.now);
  return { told, memory: withoutOld(memory, given.now) };
}

function begun(name: string, { event, at, reason, by, until, silent }: Standing): Message {
  const end = until === null ? "until it is resumed" : `until ${new Date(until).toISOString()}`;
  const again = silent === 0 ? "" : `\nThe hold started and ended ${silent} more times since the last notification.`;
  const text = `${reason}\nSet by ${by}, ${end}.${again}`;
  return {
    id: `hold-begun:${event}`,
    kind: "hold-begun",
    at,
    title: `Hold started: ${name}`,
    text,
    issue: null,
    url: null,
  };
}

function ended(name: string, { id, at, reason, by }: LoggedEvent): Message {
  const text = `${reason} (${by})`;
  return { id: `hold-ended:${id}`, kind: "hold-ended", at, title: `Hold ended: ${name}`, text, issue: null, url: null };
}

function withoutOld(memory: HoldMemory, now: number): HoldMemory {
  const kept = Object.entries(memory).filter(
    ([, { held, toldAt }]) => held || (toldAt !== null && now - toldAt < QUIET_MS),
  );
  return Object.fromEntries(kept);
}
