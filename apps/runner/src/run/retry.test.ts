import { expect, test } from "vitest";
import { StepFailure } from "@tac8/core/domain/failures";
import { GitHubError, type GitHubErrorKind } from "@tac8/core/github/errors";
import { RETRY_MS, withRetry } from "./retry.ts";

const answer = (kind: GitHubErrorKind) =>
  new GitHubError({ kind, status: null, retryAt: null, call: "GET /x", detail: "said so" });
const { signal } = new AbortController();

/** Create work that fails `times` times and then succeeds. Each try takes `ms` of its own clock. */
function flaky(times: number, error: Error, ms = 0) {
  const seen = { tries: 0, now: 0 };
  const work = async (): Promise<number> => {
    seen.tries += 1;
    seen.now += ms;
    if (seen.tries <= times) throw error;
    return seen.tries;
  };
  return { work, seen, options: { signal, backoffFactor: 0, now: () => seen.now } };
}

test.each([answer("unavailable"), new StepFailure({ kind: "github", message: "git: early EOF" })])(
  "waits out an outage: %s",
  async (error) => {
    const { work, options } = flaky(3, error);
    expect(await withRetry(work, options)).toBe(4);
  },
);

test("rejects after about a minute of waits", async () => {
  const { work, seen, options } = flaky(100, answer("unavailable"));
  await expect(withRetry(work, options)).rejects.toThrow("unavailable");
  expect(seen.tries).toBeGreaterThan(4);
  expect(seen.tries).toBeLessThan(10);
});

test("rejects after a minute of tries that hang", async () => {
  const { work, seen, options } = flaky(100, answer("unavailable"), RETRY_MS / 2 + 1);
  await expect(withRetry(work, options)).rejects.toThrow("unavailable");
  expect(seen.tries).toBe(2);
});

test.each([answer("invalid"), answer("rate-limit"), new StepFailure({ kind: "refused", message: "no" })])(
  "does not retry after %s",
  async (error) => {
    const { work, seen, options } = flaky(1, error);
    await expect(withRetry(work, options)).rejects.toBe(error);
    expect(seen.tries).toBe(1);
  },
);

test("an abort during a wait, or instead of an answer, rejects with its reason", async () => {
  const reason = new StepFailure({ kind: "github", message: "git: early EOF" });
  const waiting = new AbortController();
  const wait = withRetry(
    async () => {
      setImmediate(() => waiting.abort(reason));
      throw answer("unavailable");
    },
    { signal: waiting.signal, backoffFactor: 1 },
  );
  await expect(wait).rejects.toBe(reason);

  // The abort's reason may itself be an outage, for example the failure of another task. It is not retried.
  const asking = new AbortController();
  let tries = 0;
  const ask = withRetry(
    async () => {
      tries += 1;
      asking.abort(reason);
      throw reason;
    },
    { signal: asking.signal, backoffFactor: 0 },
  );
  await expect(ask).rejects.toBe(reason);
  expect(tries).toBe(1);
});
