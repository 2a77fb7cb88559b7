import { utimes, writeFile } from "node:fs/promises";
import type { Logger } from "../log/logger.ts";

const HEARTBEAT_MS = 10_000;

/**
 * Touch a file every 10 s, whose time tells a container's health check that the event loop turns.
 * @param check before each time: it rejects if something else is wrong
 */
export function beat(
  file: string | undefined,
  log: Pick<Logger, "debug">,
  check: () => Promise<unknown> = async () => undefined,
): NodeJS.Timeout | null {
  if (!file) return null;
  const touch = async () => {
    await check();
    const now = new Date();
    await utimes(file, now, now).catch(() => writeFile(file, ""));
  };
  const guarded = () => void touch().catch((error: unknown) => log.debug({ err: error }, "heartbeat file"));
  guarded();
  return setInterval(guarded, HEARTBEAT_MS);
}
