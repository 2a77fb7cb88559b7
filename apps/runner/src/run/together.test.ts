import { expect, test } from "vitest";
import { together } from "./together.ts";

const never = new AbortController().signal;

/** Reject with the signal's reason, like a git that is ended. */
function untilEnded(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  return promise;
}

test("returns the results in the order of the tasks", async () => {
  const first = Promise.withResolvers<string>();
  const both = together(never, [
    () => first.promise,
    async () => {
      first.resolve("made by the second"); // This shows that the tasks run at the same time.
      return 2;
    },
  ]);
  expect(await both).toEqual(["made by the second", 2]);
});

test("a failed task ends the other, which is awaited, and the error of the failed task is thrown", async () => {
  const failure = new Error("GitHub refuses");
  const isEnding = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  let isSettled = false;
  const both = together(never, [
    async (signal) => {
      await untilEnded(signal).catch(() => undefined);
      isEnding.resolve();
      await end.promise;
      throw signal.reason;
    },
    () => Promise.reject(failure),
  ]);
  const result = both.catch((error: unknown) => {
    isSettled = true;
    return error;
  });
  await isEnding.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect(isSettled).toBe(false);
  end.resolve();
  expect(await result).toBe(failure);
});

test("of two failures, the first one in the list is thrown, even if it came later", async () => {
  const refused = new Error("GitHub refuses");
  const slow = async (signal: AbortSignal) => {
    await untilEnded(signal).catch(() => undefined);
    throw refused;
  };
  await expect(together(never, [slow, () => Promise.reject(new Error("git"))])).rejects.toBe(refused);
});

test("a stop ends both", async () => {
  const stop = new AbortController();
  const reason = new Error("stopped");
  const ended: unknown[] = [];
  const note = (signal: AbortSignal) =>
    untilEnded(signal).catch((error: unknown) => {
      ended.push(error);
      throw error;
    });
  const both = together(stop.signal, [note, note]);
  stop.abort(reason);
  await expect(both).rejects.toBe(reason);
  expect(ended).toEqual([reason, reason]);
});
