import { z } from "zod";
import { blockedHostSchema, MAX_BLOCKED } from "@tac8/core/domain/blockedHosts";

const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const modelUsage = z.object({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  hourCacheWriteTokens: count,
  costUsd: count,
});

/**
 * Message of the proxy of a run to its runner, one JSON text per line. It is not trusted, because an agent may attack
 * the proxy.
 */
export const messageSchema = z.union([
  z.object({
    ready: z.object({ env: z.record(z.string().max(1000), z.string().max(200_000)), allowed: z.string().max(4000) }),
  }),
  z.object({ log: z.object({ text: z.string().max(500), facts: z.record(z.string().max(50), z.string().max(500)) }) }),
  z.object({ refused: z.array(blockedHostSchema).max(MAX_BLOCKED) }),
  // The last message of a run. Quiet: nothing of the run is open. Memory: resident bytes of the process.
  z.object({ closed: z.object({ isQuiet: z.boolean(), memory: z.number() }) }),
  z.object({
    usage: z.object({
      models: z.record(z.string().max(200), modelUsage),
      costUsd: count,
      unpriced: z.array(z.string().max(200)).max(100),
      unread: count,
    }),
  }),
]);
export type Message = z.infer<typeof messageSchema>;
