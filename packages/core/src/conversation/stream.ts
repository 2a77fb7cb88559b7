import type { Redis } from "ioredis";
import { z } from "zod";
import { figuresSchema } from "../domain/usage.ts";
import { runStreamKey } from "../state/keys.ts";
import { TODO_STATUSES, type LiveEvent } from "./event.ts";

/** How long a run's stream is kept after its last word. */
export const RUN_STREAM_SECONDS = 3 * 24 * 3600;

const eventSchema = z.object({
  at: z.number(),
  kind: z.enum(["init", "text", "thinking", "tool", "tool-result", "todo", "notice", "result", "output"]),
  text: z.string(),
  tool: z.string().optional(),
  isError: z.boolean().optional(),
  call: z.string().optional(),
  parent: z.string().optional(),
  todo: z.array(z.object({ text: z.string(), status: z.enum(TODO_STATUSES) })).optional(),
  figures: figuresSchema.optional(),
  turns: z.number().optional(),
  topic: z.string().optional(),
});

export interface RunStreamPage {
  /** Oldest first; what cannot be read is left out. */
  readonly events: LiveEvent[];
  /** Stream id to continue after; as it was given where nothing has come. */
  readonly last: string;
}

/** Events of a run's live stream after a stream id (`0`: from its beginning): at most `count`, one Redis command. */
export async function readRunStream(
  redis: Redis,
  { run, after, count }: { readonly run: string; readonly after: string; readonly count: number },
): Promise<RunStreamPage> {
  const entries = await redis.xrange(runStreamKey(run), after === "0" ? "-" : `(${after}`, "+", "COUNT", count);
  const events = entries.flatMap(([, fields]) => {
    const event = parseLiveEvent(fields[fields.indexOf("event") + 1] ?? "");
    return event === null ? [] : [event];
  });
  return { events, last: entries.at(-1)?.[0] ?? after };
}

/** How many events the stream has release, to stay small: its oldest. */
export async function countDropped(redis: Redis, run: string): Promise<number> {
  const key = runStreamKey(run);
  if ((await redis.exists(key)) === 0) return 0;
  const facts = (await redis.xinfo("STREAM", key)) as unknown[];
  const of = (name: string) => Number(facts[facts.indexOf(name) + 1]);
  // Redis before 7 does not count.
  return facts.includes("entries-added") ? of("entries-added") - of("length") : 0;
}

/** @returns null when it was written by another version. */
function parseLiveEvent(text: string): LiveEvent | null {
  try {
    return (eventSchema.safeParse(JSON.parse(text)).data as LiveEvent | undefined) ?? null;
  } catch {
    return null;
  }
}
