import { z } from "zod";
import { meaningOf } from "@tac8/core/domain/eventMeaning";
import type { LoggedEvent } from "@tac8/core/domain/events";
import type { Message } from "@tac8/core/notify/message";

const storedSchema = z.object({
  /** Whether the hold is set. */
  held: z.boolean(),
  /** Whether the last notification reported the hold as started. */
  told: z.boolean(),
  /** When a start of the hold was last reported, in epoch ms; null: never. */
  toldAt: z.number().nullable(),
  /** Event id of the last start. The next four fields are facts of that event. */
  event: z.string(),
  at: z.string(),
  reason: z.string(),
  by: z.string(),
  until: z.number().nullable(),
  /** Number of starts since then that were not reported. */
  silent: z.number(),
});
type StoredHold = z.infer<typeof storedSchema>;
type HoldEntry = Omit<StoredHold, "told" | "toldAt"> & {
  readonly reported: boolean;
  readonly reportedAt: number | null;
};

const holdSchema = storedSchema.transform(({ told: reported, toldAt: reportedAt, ...facts }): HoldEntry => {
  return { ...facts, reported, reportedAt };
});

export const holdMemorySchema = z.record(z.string(), holdSchema);
/** By the hold's name. */
export type HoldMemory = z.infer<typeof holdMemorySchema>;

/** Return the memory in the form in which Redis has it. */
export function storedHolds(memory: HoldMemory): Record<string, StoredHold> {
  const stored = ({ reported, reportedAt, ...facts }: HoldEntry) => ({ ...facts, told: reported, toldAt: reportedAt });
  return Object.fromEntries(Object.entries(memory).map(([name, hold]) => [name, stored(hold)]));
}

/** Minimum time between two notifications of starts of the same hold. A hold that is still set after it is reported then. */
export const QUIET_MS = 30 * 60_000;

/**
 * Return the notifications for starts and ends of holds, and the memory for the next call. Pure. A start is reported unless
 * another start of this hold was reported within `QUIET_MS`. An end is reported only if its start was. So each reported start is
 * followed by its end, and the last notification is true after `QUIET_MS` at the latest.
 */
export function holdMessages(given: {
  readonly events: readonly LoggedEvent[];
  readonly memory: HoldMemory;
  readonly now: number;
}): { readonly messages: Message[]; readonly memory: HoldMemory } {
  const memory: Record<string, HoldEntry> = { ...given.memory };
  const messages: Message[] = [];
  const reportStart = (name: string, now: number): void => {
    const hold = memory[name];
    if (hold === undefined || !hold.held || hold.reported) return;
    if (hold.reportedAt !== null && now - hold.reportedAt < QUIET_MS) return;
    messages.push(begun(name, hold));
    memory[name] = { ...hold, reported: true, reportedAt: now, silent: 0 };
  };
  for (const event of given.events) {
    const meaning = meaningOf(event);
    if (meaning.of !== "hold" || meaning.name === "") continue;
    const { name, begins } = meaning;
    const before = memory[name];
    if (begins) {
      const silent =
        before === undefined || before.held
          ? (before?.silent ?? 0)
          : before.silent + (before.reportedAt === null ? 0 : 1);
      memory[name] = {
        held: true,
        reported: before?.reported ?? false,
        reportedAt: before?.reportedAt ?? null,
        event: event.id,
        at: event.at,
        reason: event.reason,
        by: event.by,
        until: typeof event.evidence["until"] === "number" ? event.evidence["until"] : null,
        silent,
      };
      reportStart(name, Date.parse(event.at));
    }
    if (!begins && before?.held === true) {
      if (before.reported) messages.push(ended(name, event));
      memory[name] = { ...before, held: false, reported: false };
    }
  }
  for (const name of Object.keys(memory)) reportStart(name, given.now);
  return { messages, memory: withoutOld(memory, given.now) };
}

function begun(name: string, { event, at, reason, by, until, silent }: HoldEntry): Message {
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
    ([, { held, reportedAt }]) => held || (reportedAt !== null && now - reportedAt < QUIET_MS),
  );
  return Object.fromEntries(kept);
}
