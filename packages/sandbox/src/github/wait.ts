import type { Store } from "./store.ts";

const DEFAULT_TIMEOUT = 30_000;

export interface Wait<T> {
  readonly store: Store;
  readonly ask: () => Promise<T>;
  readonly timeoutMs?: number;
  /** What is waited for, for the error. */
  readonly what?: string;
}

/** Asks now and after every change until there is a value. @throws Error after the time, or what `ask` throws. */
export async function waitFor<T>(wait: Wait<T>): Promise<Exclude<T, false | undefined | null>> {
  const { store, ask, timeoutMs = DEFAULT_TIMEOUT, what = "what was waited for" } = wait;
  return new Promise((resolve, reject) => {
    let asking = false;
    let again = false;
    const end = () => {
      clearTimeout(timer);
      store.events.off("changed", check);
    };
    const timer = setTimeout(() => {
      end();
      reject(new Error(`${what} did not happen in the local GitHub within ${timeoutMs} ms`));
    }, timeoutMs);
    const turn = async (): Promise<void> => {
      do {
        again = false;
        const value = await ask();
        if (value !== false && value !== undefined && value !== null) {
          end();
          resolve(value as Exclude<T, false | undefined | null>);
          return;
        }
      } while (again);
    };
    const check = () => {
      again = true;
      if (asking) return;
      asking = true;
      turn()
        .catch((error: unknown) => {
          end();
          reject(error instanceof Error ? error : new Error(String(error)));
        })
        .finally(() => (asking = false));
    };
    store.events.on("changed", check);
    check();
  });
}
