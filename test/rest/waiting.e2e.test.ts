import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect } from "vitest";
import { wakeJobsOfEndedHolds } from "@tac8/core/queue/wake";
import { readSpent } from "@tac8/core/ledger/agentRuns";
import { budgetOfDay } from "@tac8/core/state/budget";
import { readHolds } from "@tac8/core/state/holds";
import { endHold } from "@tac8/core/state/pause";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { createWorld, OWNER, poll, REPO, SCRIPTED, type World } from "../world.ts";

const WORK = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];
const COMMENTS = /\/issues\/\d+\/comments$/;

let dir = "";
let world: World | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-waiting-"));
});
afterEach(async () => {
  await world?.close();
  world = undefined;
  await rm(dir, { recursive: true });
});

/** Claude Code without a key says so, and ends. */
async function agentThatNeedsKey(): Promise<string> {
  const path = join(dir, "agent");
  const result = { type: "result", subtype: "success", is_error: true, api_error_status: 401, num_turns: 1 };
  const text = "Not logged in · Please run /login";
  const line = JSON.stringify({ ...result, result: text, session_id: "s", total_cost_usd: 0, usage: {} });
  await writeFile(
    path,
    `#!/bin/sh\n[ -n "$ANTHROPIC_API_KEY" ] || { printf '%s\\n' '${line}'; exit 1; }\nexec '${SCRIPTED}' "$@"\n`,
    { mode: 0o755 },
  );
  return path;
}

const holds = async ({ redis }: World) => (await readHolds(redis)).map(({ name }) => name);

fieldTest("E1", "started without a key, then again with one: the parked issue continues at once", async () => {
  const at = (world = await createWorld({ config: { llm: { command: [await agentThatNeedsKey()] } } }));
  at.startApp("scheduler");
  const first = at.startApp("runner");
  const number = at.openIssue({ script: WORK });
  await at.waitForState(number, "parked");
  expect(await holds(at)).toEqual(["auth"]);
  // It never got as far as the model: of the day's runs it used none.
  const today = budgetOfDay({ maxUsd: 0, maxRuns: 0 }, Date.now());
  await poll(120_000, async () => ((await readSpent(at.redis, today)).runs === 0 ? null : "a run was used up"));
  expect(await first.stop()).toBe(0);
  const again = at.startApp("runner", { ANTHROPIC_API_KEY: "sk-good" });
  await again.waitForLog("hold auth ended");
  await at.waitForState(number, "pr");
  expect(await holds(at)).toEqual([]);
});

fieldTest(
  "E1",
  "with a new GitHub token, finished work that waits for its push is pushed, and no agent is paid again",
  async () => {
    const at = (world = await createWorld());
    const { github } = at;
    const apps = [at.startApp("scheduler"), at.startApp("runner")];
    const number = at.openIssue({ script: [at.gate("revoked"), ...WORK] });
    await poll(120_000, async () => ((await at.agentStarts(number)).length === 1 ? null : "no agent"));
    github.revokeToken(at.token);
    await at.openGate("revoked");
    await at.waitForState(number, "parked");
    await poll(120_000, async () => ((await holds(at)).includes("repo:octo/widgets") ? null : "no hold"));
    for (const app of apps) await app.stop();
    const env = { GITHUB_TOKEN: github.addToken({ login: OWNER }) };
    at.startApp("scheduler", env);
    at.startApp("runner", env);
    await at.waitForState(number, "pr");
    expect(await at.agentStarts(number)).toHaveLength(1);
  },
);

fieldTest(
  "E3",
  "a token that can only read: tac8 does not start; if a later write is refused, a hold is set before any agent starts",
  async () => {
    const at = (world = await createWorld());
    const { github, redis, queue } = at;
    const readOnly = github.addToken({ login: OWNER, areas: { contents: "read", issues: "read", pulls: "read" } });
    const refused = at.startApp("runner", { GITHUB_TOKEN: readOnly });
    await refused.waitForLog("GITHUB_TOKEN cannot write Contents, Issues, Pull requests of octo/widgets");
    await poll(120_000, async () => (refused.child.exitCode === 78 ? null : "it still runs"));

    at.startApp("scheduler");
    at.startApp("runner");
    const locked = at.openIssue({ script: WORK });
    github.lockIssue({ repo: REPO, number: locked, actor: OWNER });
    const body = { message: "Resource not accessible by personal access token" };
    github.fault({ method: "POST", path: COMMENTS, times: 1000, do: { status: 403, body } });
    // A locked issue is a matter of its own.
    await at.waitForState(locked, "pr");
    expect(await holds(at)).toEqual([]);
    const agents = (await at.agentStarts()).length;
    const numbers = [at.openIssue({ script: WORK }), at.openIssue({ script: WORK })];
    await poll(120_000, async () => ((await holds(at)).includes("repo:octo/widgets") ? null : "no hold"));
    const states = () => Promise.all(numbers.map(async (number) => (await at.store.read(at.jobId(number))).job.hold));
    await poll(120_000, async () =>
      (await states()).every((hold) => hold === "repo:octo/widgets") ? null : "one is not held",
    );
    expect(await at.agentStarts()).toHaveLength(agents);

    github.clearFaults();
    await endHold(redis, { name: "repo:octo/widgets", by: "a test", now: Date.now() });
    await wakeJobsOfEndedHolds({ redis, queue, now: Date.now() });
    for (const number of numbers) await at.waitForState(number, "pr");
  },
);

fieldTest(
  "E13",
  "a day's runs are used up: the next issue waits until midnight, or until an operator resumes the queue",
  async () => {
    const at = (world = await createWorld({ config: { llm: { max_runs_per_day: 1 } } }));
    const { redis, queue } = at;
    at.startApp("scheduler");
    at.startApp("runner");
    const first = at.openIssue({ script: WORK });
    await at.waitForState(first, "pr");
    const second = at.openIssue({ script: WORK });
    await poll(120_000, async () => ((await holds(at)).includes("budget") ? null : "no hold"));
    expect((await readHolds(redis))[0]).toMatchObject({
      reason: "today's budget is used up: 1 of 1 agent runs (llm.max_runs_per_day)",
    });
    expect(await at.agentStarts()).toHaveLength(1);
    await endHold(redis, { name: "budget", by: "a test", now: Date.now() });
    await wakeJobsOfEndedHolds({ redis, queue, now: Date.now() });
    await at.waitForState(second, "pr");
  },
);
