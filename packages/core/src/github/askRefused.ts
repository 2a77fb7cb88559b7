import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits in ms before the second and the third request. GitHub sometimes refuses a valid token for a moment. If a start failed on the first
 * refusal, the process would stay down until an operator restarts it.
 */
const WAITS_MS: readonly number[] = [2000, 5000];

export interface AskOptions<T> {
  readonly isRefused: (answer: T) => boolean;
  /** Called before each wait, with the refusal. */
  readonly onRefused: (answer: T) => void;
  readonly signal: AbortSignal;
  readonly waitsMs?: readonly number[] | undefined;
}

/**
 * Send a request, and repeat it while the response is a refusal: a refusal counts only if it occurs three times.
 * @returns the first response that is not a refusal, or the last refusal
 * @throws what `ask` throws; AbortError when the signal is aborted during a wait
 */
export async function askRefused<T>(
  ask: () => Promise<T>,
  { isRefused, onRefused, signal, waitsMs = WAITS_MS }: AskOptions<T>,
): Promise<T> {
  for (const waitMs of waitsMs) {
    const answer = await ask();
    if (!isRefused(answer)) return answer;
    onRefused(answer);
    await sleep(waitMs, undefined, { signal });
  }
  return ask();
}
