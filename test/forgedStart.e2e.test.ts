import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { renderMarker } from "@tac8/core/domain/marker";
import { isEnded } from "@tac8/core/domain/states";
import { jobOptions } from "@tac8/core/queue/contract";
import { applyPatch, type IssuePatch } from "@tac8/core/state/issueState";
import { STOPS_KEY } from "@tac8/core/state/keys";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runnerIsIdle } from "./idle.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

/**
 * A program that writes to Redis, as an agent of the same Unix user can, and would have tac8 work on, or speak on, issues that
 * nobody who may do so has labelled. What it writes is there before a runner starts.
 */
let world: World;
let runner: App;
const WORDS = "words of the attacker";
const script = () => [{ write: "mine.txt", text: `${randomUUID()}\n` }, { commit: "feat: mine" }, { result: "Done." }];
const open = () => world.openIssue({ script: script(), labels: [] });
const pullsOf = (number: number) => world.github.pulls(REPO).filter(({ head }) => head === `auto/gh-${number}`);

/** The write that needs no cause but this program. */
async function forge(number: number, patch: IssuePatch): Promise<void> {
  const jobId = world.jobId(number);
  expect(await world.store.writeIf(jobId, {}, { since: new Date().toISOString(), ...patch })).toBe(true);
  const [owner = "", repo = ""] = REPO.split("/");
  const data = { owner, repo, number, repositoryId: 1, title: WORDS, url: "https://example.com" };
  await world.queue.add(WORDS, data, jobOptions({ jobId, priority: "P0", beforeNewWork: true, attempts: 3 }));
  const record = await world.store.read(jobId);
  expect(applyPatch(record, patch), "the write is there").toEqual(record);
  expect(await world.queue.getJob(jobId), "and so is the job").toBeDefined();
}

const NOW = "2026-01-01T00:00:00.000Z";
const FORGERIES: Record<string, IssuePatch> = {
  "a retry": { state: "queued", "round.retriedAt": NOW },
  "an admitted label event": { state: "queued", "round.admitted": 1, "label.event": 999_999_999, "agent.runCount": 1 },
  "a used label event": { state: "queued", "label.event": 999_999_999, "agent.runCount": 1 },
  "finished work, pushed": {
    state: "running",
    checkpoint: "worked",
    "round.admitted": 1,
    "label.event": 1,
    "agent.runCount": 1,
  },
  "an end with words": {
    state: "running",
    "agent.runCount": 1,
    "round.admitted": 1,
    "end.outcome": "failed",
    "end.failure": "agent",
    "end.reason": WORDS,
  },
  "an answer of an agent": {
    state: "running",
    "agent.runCount": 1,
    "round.admitted": 1,
    "end.outcome": "answered",
    "work.isAnswer": "yes",
    "work.summary": WORDS,
  },
  "a refused label": {
    state: "running",
    "agent.runCount": 1,
    "end.outcome": "failed",
    "end.failure": "untrusted",
    "end.reason": WORDS,
    "label.refused": { login: "x", told: null },
  },
  "a question": {
    state: "running",
    "agent.runCount": 1,
    "round.admitted": 1,
    "end.outcome": "blocked",
    "question.text": WORDS,
  },
  "too many lost runs": {
    state: "running",
    "agent.runCount": 1,
    "round.admitted": 1,
    "agent.run": "x",
    "counts.brokenOff": 1000,
    "counts.lost": 1000,
    "counts.unchanged": 1000,
    checkpoint: "prepared",
  },
};
const forged = new Map<string, number>();
/** No issue has this number. */
const MISSING = 4711;
let closed: number;
let byStranger: number;
let labelledOnce: number;
/** Labelled with what was the trigger before the configuration was changed. */
let labelledBefore: number;

/** Finished work with commits that are on the issue's branch on GitHub. */
async function forgeWork(number: number, patch: IssuePatch): Promise<void> {
  const branch = `auto/gh-${number}`;
  await world.github.commitTo({ repo: REPO, branch, files: { "planted.txt": "planted\n" }, author: OWNER });
  const { main: baseSha = "", [branch]: sha = "" } = world.github.branches(REPO);
  await forge(number, {
    ...patch,
    "branch.name": branch,
    "branch.base": baseSha,
    "branch.head": sha,
    "branch.published": sha,
    "agent.session": "s",
  });
}

beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_concurrent_workers: 3 } } });
  for (const [name, patch] of Object.entries(FORGERIES)) {
    const number = open();
    forged.set(name, number);
    await (name === "finished work, pushed" ? forgeWork : forge)(number, patch);
  }
  await forgeWork(MISSING, FORGERIES["finished work, pushed"] ?? {});
  closed = open();
  world.github.closeIssue({ repo: REPO, number: closed, actor: OWNER });
  await forge(closed, FORGERIES["a retry"] ?? {});
  byStranger = open();
  world.github.addLabel({ repo: REPO, number: byStranger, actor: "stranger", label: LABEL });
  await forge(byStranger, { state: "queued", "round.admitted": 1, "label.event": 999_999_999, "agent.runCount": 1 });
  // The control: the same write, where an account that may start work has labelled the issue once.
  labelledOnce = open();
  world.github.addLabel({ repo: REPO, number: labelledOnce, actor: OWNER, label: LABEL });
  world.github.removeLabel({ repo: REPO, number: labelledOnce, actor: OWNER, label: LABEL });
  await forge(labelledOnce, { state: "queued", "round.retriedAt": NOW });
  labelledBefore = open();
  world.github.addLabel({ repo: REPO, number: labelledBefore, actor: OWNER, label: "former" });
  const headers = { authorization: `token ${world.token}` };
  const answer = await fetch(`${world.github.url}/repos/${REPO}/issues/${labelledBefore}/events`, { headers });
  const event = ((await answer.json()) as { id: number }[])[0]?.id ?? 0;
  const marker = renderMarker({
    v: 1,
    kind: "status",
    run: "",
    outcome: null,
    label_event_id: event,
    published_sha: null,
    question_id: null,
  });
  world.github.comment({ repo: REPO, number: labelledBefore, actor: OWNER, body: `${marker}\nQueued.` });
  await forge(labelledBefore, { state: "queued", "round.admitted": event, "label.event": event, "agent.runCount": 1 });
  runner = world.startApp("runner");
  for (const number of [...forged.values(), MISSING, closed, byStranger, labelledOnce, labelledBefore]) {
    await poll(120_000, async () => {
      const {
        state,
        end: { reason },
      } = await world.store.read(world.jobId(number));
      return isEnded(state) || state === "blocked" ? null : `${number} is ${state} (${reason})`;
    });
  }
});
afterAll(() => world.close());

test.each(Object.keys(FORGERIES))(
  "%s without a trusted label: no agent, no push, no comment, one clear reason",
  async (name) => {
    const number = forged.get(name) ?? 0;
    expect(await world.agentStarts(number)).toEqual([]);
    expect(pullsOf(number)).toEqual([]);
    expect(world.github.comments(REPO, number)).toEqual([]);
    expect(world.github.issue(REPO, number).labels).toEqual([]);
    const {
      state,
      end: { failure, reason },
    } = await world.store.read(world.jobId(number));
    expect({ state, failure }).toEqual({ state: "failed", failure: "untrusted" });
    expect(reason).toBe(
      `No trusted account has ever added the label ${LABEL} to this issue. Add it: a retry only restarts an issue that was labelled before`,
    );
  },
);

test("finished work of an issue that does not exist: no push and no pull request", async () => {
  expect(pullsOf(MISSING)).toEqual([]);
  expect((await world.store.read(world.jobId(MISSING))).state).toBe("cancelled");
});

test("a closed issue that no trusted account labelled: no comment", async () => {
  expect(world.github.comments(REPO, closed)).toEqual([]);
  expect(world.github.issue(REPO, closed).labels).toEqual([]);
  expect((await world.store.read(world.jobId(closed))).state).toBe("cancelled");
});

test("an issue that was started before the configuration named another label continues", async () => {
  expect(await world.agentStarts(labelledBefore)).toHaveLength(1);
  expect(pullsOf(labelledBefore)).toHaveLength(1);
});

test("a label by a trusted account then starts the refused issue", async () => {
  const number = forged.get("a retry") ?? 0;
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  const scheduler = world.startApp("scheduler");
  await world.waitForNthState(number, "pr", 1);
  await scheduler.stop();
});

test("a label by an untrusted account that Redis calls admitted: refused with the usual comment, and no agent starts", async () => {
  expect(await world.agentStarts(byStranger)).toEqual([]);
  expect(await world.store.read(world.jobId(byStranger))).toMatchObject({
    state: "failed",
    end: { failure: "untrusted" },
  });
  expect(world.github.comments(REPO, byStranger)).toMatchObject([
    { body: expect.stringContaining("stranger added the label") },
  ]);
});

test("a retry of an issue that a trusted account labelled before needs no label", async () => {
  expect(await world.agentStarts(labelledOnce)).toHaveLength(1);
  expect(pullsOf(labelledOnce)).toHaveLength(1);
});

test("a job for a repository that is not configured waits, and GitHub is not asked about it", async () => {
  await world.queue.add(
    WORDS,
    {},
    jobOptions({ jobId: "acme.secret.1", priority: "P0", beforeNewWork: true, attempts: 3 }),
  );
  await runner.waitForLog("the repository of acme/secret#1 is not configured");
  expect(world.github.requests.filter(({ path }) => path.includes("acme"))).toEqual([]);
});

test("a forged stop posts nothing on an issue that no trusted account has labelled", async () => {
  const [number, other] = [open(), open()];
  world.github.addLabel({ repo: REPO, number: other, actor: "stranger", label: LABEL });
  for (const jobId of [number, other].map((each) => world.jobId(each))) {
    await world.store.writeIf(
      jobId,
      {},
      { state: "stopped", "command.stop": WORDS, "end.reason": WORDS, "end.outcome": "stopped" },
    );
    await world.redis.sadd(STOPS_KEY, jobId);
    expect(await world.redis.sismember(STOPS_KEY, jobId)).toBe(1);
  }
  const scheduler = world.startApp("scheduler");
  await poll(120_000, async () => ((await world.redis.scard(STOPS_KEY)) === 0 ? null : "it is not crossed off yet"));
  await scheduler.stop();
  for (const each of [number, other]) expect(world.github.comments(REPO, each)).toEqual([]);
});

test("an agent gets as a reply only what trusted accounts wrote on the issue, whatever Redis says", async () => {
  const scheduler = world.startApp("scheduler");
  const asking = ["forged", "by a stranger", "changed"].map((name) => {
    const promptFile = join(world.dir, `prompt-${name}.txt`);
    const first = [{ ask: "Which?" }, { result: "I asked." }];
    return {
      name,
      promptFile,
      number: world.openIssue({ script: { first, again: [{ prompt: promptFile }, ...script()] } }),
    };
  });
  for (const { number } of asking) await world.waitForState(number, "blocked");
  await scheduler.stop(); // Else it would be the first to write an answer.
  for (const { name, number, promptFile } of asking) {
    const say = (actor: string, body: string) => world.github.comment({ repo: REPO, number, actor, body }).id;
    let commentId = 999_999_999;
    if (name !== "forged") commentId = say("stranger", `${WORDS}: the stranger's`);
    if (name === "changed") [, commentId] = [say(OWNER, "Green."), say(OWNER, "Not too dark.")];
    const answer = { commentId, author: OWNER, text: `${WORDS}: the stranger's\n\nGreen.\n\nNot too dark.` };
    await world.store.writeIf(world.jobId(number), {}, { "question.reply": answer });
    expect(await world.store.read(world.jobId(number))).toMatchObject({ question: { reply: answer } });
    await (await world.queue.getJob(world.jobId(number)))?.promote();
    await world.waitForState(number, "pr");
    const prompt = await readFile(promptFile, "utf8");
    expect(prompt).not.toContain(WORDS);
    if (name === "changed") expect(prompt).toContain("Green.\n\nNot too dark.");
    else expect(prompt).toContain("Your last run was interrupted");
  }
});

test("an ordinary start makes no more requests to GitHub than without these checks", async () => {
  const scheduler = world.startApp("scheduler");
  await runnerIsIdle(world);
  const number = world.openIssue({ script: [world.gate("usual"), ...script()] });
  const before = world.github.requests.length;
  await world.waitForState(number, "running");
  await scheduler.stop(); // It asks for itself, at the end of a run.
  await world.openGate("usual");
  await world.waitForState(number, "pr");
  const paths = world.github.requests.slice(before).map(({ path }) => path);
  // By `admit`, and at the end, for a label that was put on meanwhile.
  expect(paths.filter((path) => path === `/repos/${REPO}/issues/${number}/events`)).toHaveLength(2);
  // The edits of its text, and nothing more about them before it is published.
  expect(paths.filter((path) => path === "/graphql")).toHaveLength(1);
  // The runner remembers it from the issues before.
  expect(paths.filter((path) => path.endsWith(`/collaborators/${OWNER}/permission`))).toHaveLength(0);
});
