import { DelayedError, UnrecoverableError } from "bullmq";
import { expect, test } from "vitest";
import { createLogger } from "@tac8/core/log/logger";
import { LostRun } from "@tac8/core/state/issueStore";
import { apply, type ApplyTo } from "./apply.ts";
import type { Disposition } from "./disposition.ts";

const lost = new LostRun("octo.widgets.1", "run-1");
const result = { outcome: "pr", prUrl: "https://github.test/1", reason: null };
const hold = {
  begin: { name: "usage-limit", reason: "5 h", by: "runner pi/0", since: 1000, until: 2000, run: "run-1" },
};
const lastWrite = { patch: { "counts.parked": 1 } };

/** Record the steps in their order. @param fails the errors with which these steps reject */
function target(fails: Readonly<Record<string, Error>> = {}) {
  const done: string[] = [];
  const step = async (name: string, ...facts: unknown[]): Promise<void> => {
    const error = fails[name];
    if (error !== undefined) throw error;
    done.push([name, ...facts.map((fact) => JSON.stringify(fact))].join(" "));
  };
  const redis = {
    hsetnx: (_key: string, name: string) => step("hold", name).then(() => 1),
    xadd: async () => "1-0",
    hdel: (_key: string, name: string) => step("end hold", name).then(() => 1),
    multi: () => ({ sadd: () => ({ zadd: () => ({ exec: () => step("offer") }) }) }),
  };
  const to = {
    job: {
      id: "octo.widgets.1",
      opts: { priority: 30 },
      timestamp: 1,
      moveToDelayed: (until: number, token: string) => step("BullMQ", until, token),
      changePriority: () => step("priority"),
    },
    lockToken: "t",
    services: {
      config: { agent: { env: [] }, agentEnv: {}, secrets: { github: null } },
      redis,
      queue: { pause: () => step("pause") },
      log: createLogger({ name: "test", secrets: [], destination: { write: () => undefined } }),
      now: () => 1000,
    },
    lastWriter: { write: ({ patch }: { patch: object }) => step("record", patch), clearRunId: () => step("clear") },
  } as unknown as ApplyTo;
  return { done, to };
}

/** Return the result or the error that BullMQ gets. */
async function respond(disposition: Disposition, to: ApplyTo): Promise<unknown> {
  return apply(disposition, to).catch((error: unknown) => error);
}

test("apply sets the hold first, then the record, then the priority, and answers BullMQ last", async () => {
  const { done, to } = target();
  const because = "limit";
  const given = await respond(
    { do: "requeue", until: 2000, because, hold, lastWrite, beforeNewWork: true, deferredBecause: "limit" },
    to,
  );
  expect(given).toBeInstanceOf(DelayedError);
  expect(done).toEqual([
    'hold "usage-limit"',
    "pause",
    'record {"counts.parked":1}',
    "priority",
    'BullMQ 2000 "t"',
    "offer",
  ]);
});

test("each disposition has its own response to BullMQ", async () => {
  const { to } = target();
  expect(await respond({ do: "complete", result, lastWrite }, to)).toEqual(result);
  expect(await respond({ do: "fail", reason: "no" }, to)).toBeInstanceOf(UnrecoverableError);
  const retry = await respond({ do: "retry", delayMs: 5, reason: "again" }, to);
  expect(retry).toMatchObject({ message: "again", stack: "again", delayMs: 5 });
  expect(retry).not.toBeInstanceOf(UnrecoverableError);
  expect(await respond({ do: "requeue", until: 9, because: "x" }, to)).toBeInstanceOf(DelayedError);
});

test("apply also ends a repository's hold and pauses a held queue before everything else", async () => {
  const ending = target();
  const end = { end: "repo:octo/widgets", by: "runner pi/0", reason: "published" };
  await respond({ do: "complete", result, hold: end, lastWrite }, ending.to);
  expect(ending.done).toEqual(['end hold "repo:octo/widgets"', 'record {"counts.parked":1}']);
  const pausing = target();
  await respond({ do: "requeue", until: 9, because: "held", hold: { pause: true } }, pausing.to);
  expect(pausing.done).toEqual(["pause", 'BullMQ 9 "t"']);
});

test("if the runner still has the job's lock, the next run continues, without using an attempt", async () => {
  const { done, to } = target();
  expect(await respond({ do: "release", lost }, to)).toBeInstanceOf(DelayedError);
  expect(done).toEqual(['BullMQ 1100 "t"', "clear"]);
});

test("a job that another run has is left to it", async () => {
  const { done, to } = target({ BullMQ: new Error("Missing lock for job") });
  expect(await respond({ do: "release", lost }, to)).toBe(lost);
  expect(done).toEqual([]);
});

test("an end that cannot be recorded uses no attempt, and BullMQ gets no result that is not in the record", async () => {
  const { done, to } = target({ record: new Error("WRONGTYPE") });
  expect(await respond({ do: "fail", reason: "no", lastWrite }, to)).toBeInstanceOf(DelayedError);
  expect(done).toEqual(['BullMQ 61000 "t"']);
  const taken = target({ record: lost });
  expect(await respond({ do: "retry", delayMs: 5, reason: "again", lastWrite }, taken.to)).toBeInstanceOf(DelayedError);
  expect(taken.done).toEqual(['BullMQ 1100 "t"', "clear"]);
});

test("the job is requeued even if its priority cannot be changed", async () => {
  const { done, to } = target({ priority: new Error("no") });
  await respond({ do: "requeue", until: 9, because: "x", beforeNewWork: true }, to);
  expect(done).toEqual(['BullMQ 9 "t"']);
});
