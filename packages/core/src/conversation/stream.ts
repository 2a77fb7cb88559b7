import type { Redis } from "ioredis";
import { z } from "zod";
import { figuresSchema } from "../domain/usageSchemas.ts";
import { runStreamKey } from "../state/keys.ts";
import { TODO_STATUSES, type LiveEvent } from "./event.ts";

/** Time for which a run's stream is kept after its last event. */
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
  /** Oldest first; unreadable events are omitted. */
  readonly events: LiveEvent[];
  /** Stream id after which to continue; unchanged if there are no new events. */
  readonly last: string;
}

/** Return the events of a run's live stream after a stream id (`0`: from its beginning), at most `count`, in one Redis command. */
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

/** Return how many of its oldest events the stream has dropped, because its length is limited. */
export async function countDropped(redis: Redis, run: string): Promise<number> {
  const key = runStreamKey(run);
  if ((await redis.exists(key)) === 0) return 0;
  const facts = (await redis.xinfo("STREAM", key)) as unknown[];
  const of = (name: string) => Number(facts[facts.indexOf(name) + 1]);
  // Redis before version 7 does not count added entries.
  return facts.includes("entries-added") ? of("entries-added") - of("length") : 0;
}

/** Parse an event of a stream; null: another version wrote it. */
function parseLiveEvent(text: string): LiveEvent | null {
  try {
    return (eventSchema.safeParse(JSON.parse(text)).data as LiveEvent | undefined) ?? null;
  } catch {
    return null;
  }
}
