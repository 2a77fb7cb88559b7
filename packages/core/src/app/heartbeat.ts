import { utimes, writeFile } from "node:fs/promises";
import type { Logger } from "../log/logger.ts";

const HEARTBEAT_MS = 10_000;

/**
 * Update the time of a file every 10 s, so that a container's health check can see that the event loop is running.
 * @param check is called before each update; if it rejects, the file is not updated
 */
export function startHeartbeat(
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
