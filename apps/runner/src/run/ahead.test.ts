import { expect, test } from "vitest";
import { startAhead } from "./ahead.ts";

const never = new AbortController().signal;

/** A task that lasts until its signal, and then until `end`. */
function lasting() {
  const end = Promise.withResolvers<void>();
  const ending = Promise.withResolvers<unknown>();
  const task = async (signal: AbortSignal): Promise<never> => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    ending.resolve(signal.reason);
    await end.promise;
    throw signal.reason;
  };
  return { task, ending: ending.promise, end: () => end.resolve() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("the task runs before anybody waits for it", async () => {
  let isStarted = false;
  await using ahead = startAhead(never, async () => {
    isStarted = true;
    return 7;
  });
  expect(isStarted).toBe(true);
  expect(await ahead.result(never)).toBe(7);
  expect(await ahead.result(never)).toBe(7);
});

test("an error is thrown to the one who waits, and to nobody else", async () => {
  const failure = new Error("GitHub refuses");
  const fail = () => Promise.reject(failure);
  {
    await using ahead = startAhead(never, fail);
    await turn();
    await expect(ahead.result(never)).rejects.toBe(failure);
  }
  await using ignored = startAhead(never, fail);
  await turn();
  expect(ignored).toBeDefined();
});

test("a task whose result is not needed any more is ended and waited for", async () => {
  const { task, ending, end } = lasting();
  let isClosed = false;
  const closing = (async () => {
    {
      await using ahead = startAhead(never, task);
      expect(ahead).toBeDefined();
    }
    isClosed = true;
  })();
  expect(String(await ending)).toContain("no longer needed");
  await turn();
  expect(isClosed).toBe(false);
  end();
  await closing;
  expect(isClosed).toBe(true);
});

test("the signal of the one who waits ends the task, which is waited for", async () => {
  const { task, ending, end } = lasting();
  const stop = new AbortController();
  const reason = new Error("the other one failed");
  await using ahead = startAhead(never, task);
  let isSettled = false;
  const result = ahead.result(stop.signal).catch((error: unknown) => {
    isSettled = true;
    return error;
  });
  stop.abort(reason);
  expect(await ending).toBe(reason);
  await turn();
  expect(isSettled).toBe(false);
  end();
  expect(await result).toBe(reason);
});

test("a stop of the run ends the task, also before anybody waits", async () => {
  const { task, ending, end } = lasting();
  const stop = new AbortController();
  const reason = new Error("stopped");
  await using ahead = startAhead(stop.signal, task);
  stop.abort(reason);
  expect(await ending).toBe(reason);
  end();
  await expect(ahead.result(never)).rejects.toBe(reason);
});
