import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LiveEvent } from "@tac8/core/conversation/event";
import { createLogger } from "@tac8/core/log/logger";
import { connectRedis } from "@tac8/core/queue/redis";
import { parseIssueState } from "@tac8/core/state/issueState";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { openLiveStream } from "../run/liveStream.ts";
import { progressOfLost, type LostProgressNeeds } from "./lostProgress.ts";

const log = createLogger({ name: "test", secrets: [], destination: { write: () => undefined } });
let dir = "";
let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-lost-"));
  server = await startRedisServer({ dir });
  redis = connectRedis(server.url, { name: "test", onError: () => undefined });
  await redis.ping();
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
});

/** Return a run in a data folder that does not have the lost run's workspace. */
const elsewhere = () => ({ redis, dataFolderId: "this", log }) as LostProgressNeeds;
const before = (run: string, agentRun: string | null = run) =>
  parseIssueState({
    run,
    sessionHome: "another",
    startSha: "a".repeat(40),
    ...(agentRun === null ? {} : { agentRun }),
  });

async function record(runId: string, ...kinds: LiveEvent["kind"][]): Promise<void> {
  const live = openLiveStream({ redis, runId, log, redact: (text) => text });
  for (const kind of kinds) live.add({ at: 1, kind, text: "x" });
  await live.close();
}

fieldTest(
  "F1",
  "another runner finds the steps of a lost run, however much its agent printed between them",
  async () => {
    const many = Array.from({ length: 250 }, () => "thinking" as const);
    await record("talks", ...many);
    await record("steps", ...many, "tool-result");
    expect(await progressOfLost(elsewhere(), before("talks"))).toBe("none");
    expect(await progressOfLost(elsewhere(), before("steps"))).toBe("steps");
  },
);

test("a run that was lost before it had an agent made no progress, whatever an earlier agent did", async () => {
  await record("earlier", "tool-result");
  expect(await progressOfLost(elsewhere(), before("later", "earlier"))).toBe("none");
  expect(await progressOfLost(elsewhere(), before("first", null))).toBe("none");
  expect(await progressOfLost(elsewhere(), parseIssueState({}))).toBe("none");
});

test("git in the workspace of a lost run ends when the current run loses its job, too", async () => {
  const promptFile = join(dir, "prompt.md");
  await writeFile(promptFile, "");
  const reason = new Error("another run has taken over");
  const lost = new AbortController();
  const head = "a".repeat(40);
  const agentSide = {
    place: ({ signal }: { signal?: AbortSignal } = {}) => ({
      stat: async () => null, // No settings of the agent.
      git: async (_dir: string, [command]: readonly string[]) => {
        if (command === "rev-parse") return { code: 0, bytes: Buffer.from(head), words: "", record: "" };
        lost.abort(reason);
        signal?.throwIfAborted();
        return { code: 0, bytes: Buffer.alloc(0), words: "", record: "" };
      },
    }),
  };
  const run = { ...elsewhere(), agentSide, signal: lost.signal, paths: { tree: dir, promptFile } } as unknown;
  const state = parseIssueState({ run: "r", agentRun: "r", sessionHome: "this", startSha: head });
  await expect(progressOfLost(run as LostProgressNeeds, state)).rejects.toBe(reason);
});
