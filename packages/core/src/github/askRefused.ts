import { setTimeout as sleep } from "node:timers/promises";

/**
 * In ms, before the second and the third time. GitHub refuses a good token for a moment now and then; a start that took the first
 * such answer for the truth would end for good, and nobody may be there until the morning.
 */
const WAITS_MS: readonly number[] = [2000, 5000];

export interface AskOptions<T> {
  readonly isRefused: (answer: T) => boolean;
  /** Called before each wait. */
  readonly onRefused: (answer: T) => void;
  readonly signal: AbortSignal;
  readonly waitsMs?: readonly number[] | undefined;
}

/**
 * Ask, and ask again while the answer is a refusal: it counts when it was given three times.
 * @returns the first answer that is none, or the last refusal
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
