import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { questionDueAt, questionLifetimeMs } from "@tac8/core/domain/questionExpiry";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { readEvents } from "@tac8/core/state/events";
import { createWorld, LABEL, OWNER, poll, REPO, type World } from "./world.ts";

const QUESTION = "Shall it be red or green?";
const EXPIRES_DAYS = 3;
const DAY_MS = 86_400_000;
/** BullMQ orders delayed jobs by milliseconds times this. */
const DELAYED_SCORE = 0x1000;
const ANSWER = "Green, of course.\nAnd not too dark.";

let world: World;

describe("a question", () => {
  beforeAll(async () => {
    world = await createWorld({
      config: { coordinator: { max_concurrent_workers: 1, blocked_expires_days: EXPIRES_DAYS } },
    });
    world.startApp("scheduler");
    world.startApp("runner");
  });
  afterAll(() => world.close());

  test("frees its slot, is asked once, and the owner's answer resumes the session; a question behind a symbolic link is never read", async () => {
    const promptFile = join(world.dir, "prompt.txt");
    const number = world.openIssue({
      script: {
        first: [{ write: "half.txt", text: "half\n" }, { ask: QUESTION }, { commit: "half" }, { result: "I asked." }],
        again: [
          { prompt: promptFile },
          { write: "color.txt", text: "green\n" },
          { commit: "feat: green" },
          { result: "Ok." },
        ],
      },
    });
    await world.waitForState(number, "blocked");
    expect(labelsOf(number)).toEqual([LABEL, "rpi-blocked"]);
    expect(questions(number)).toEqual([expect.stringContaining(`> ${QUESTION}`)]);
    const { session } = (await world.store.read(world.jobId(number))).agent;

    world.github.comment({ repo: REPO, number, actor: "stranger", body: "Red! I insist." });
    // The one slot is free: others work meanwhile, and the scheduler reads the stranger's words meanwhile.
    const secret = join(world.dir, "secret.txt");
    await writeFile(secret, "the runner's own secret\n");
    const link = [{ bash: `ln -s '${secret}' BLOCKED.md` }, { write: "other.txt", text: "other" }, { commit: "other" }];
    const other = world.openIssue({ script: link });
    await world.waitForState(other, "pr");
    expect(JSON.stringify(world.github.comments(REPO, other))).not.toContain("own secret");
    expect(await world.github.file(REPO, `auto/gh-${other}`, "other.txt")).toBe("other");
    expect(await world.github.file(REPO, `auto/gh-${other}`, "BLOCKED.md")).toBeUndefined();
    await world.github.waitFor(
      ({ requests }) => requests.some(({ path }) => path === `/repos/${REPO}/collaborators/stranger/permission`),
      { what: "the lookup of the stranger's permission" },
    );
    expect(await startsOf(number)).toHaveLength(1);
    expect((await world.store.read(world.jobId(number))).state).toBe("blocked");

    world.github.comment({ repo: REPO, number, actor: OWNER, body: ANSWER });
    await world.waitForState(number, "pr");
    const starts = await startsOf(number);
    expect(starts.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(new Set(starts.map((start) => start["session"]))).toEqual(new Set([session]));
    const prompt = await readFile(promptFile, "utf8");
    expect(prompt).toContain(ANSWER);
    expect(prompt).not.toContain("I insist");
    expect(questions(number)).toHaveLength(1);
    expect(world.github.comments(REPO, number)).toHaveLength(4);
    expect(labelsOf(number)).toEqual(["rpi-done"]);
    const branch = `auto/gh-${number}`;
    expect(await world.github.file(REPO, branch, "color.txt")).toBe("green\n");
    expect(await world.github.file(REPO, branch, "half.txt")).toBe("half\n");
    expect(await world.github.file(REPO, branch, "BLOCKED.md")).toBeUndefined();
  });

  test("that is answered while the queue is held resumes when the hold ends", async () => {
    const number = world.openIssue({
      script: { first: [{ ask: QUESTION }, { result: "I asked." }], again: [{ write: "a.txt", text: "a" }] },
    });
    await world.waitForState(number, "blocked");
    await setHold(world.redis, { name: "operator", reason: "test", by: "test", since: 0, until: null });
    await poll(120_000, async () => ((await world.queue.isPaused()) ? null : "the queue is not held"));
    world.github.comment({ repo: REPO, number, actor: OWNER, body: ANSWER });
    await poll(120_000, async () => {
      const answer = (await world.store.read(world.jobId(number))).question.reply;
      return answer?.text === ANSWER ? null : "the answer was not taken";
    });
    expect(await startsOf(number)).toHaveLength(1);
    await clearHold(world.redis, "operator", "test", "");
    await world.waitForState(number, "pr");
    expect(await startsOf(number)).toHaveLength(2);
  });

  test("of an issue that is closed is cancelled, and its labels are removed", async () => {
    const number = world.openIssue({ script: [{ ask: QUESTION }, { result: "I asked." }] });
    await world.waitForState(number, "blocked");
    world.github.closeIssue({ repo: REPO, number, actor: OWNER });
    await world.waitForState(number, "cancelled");
    expect(labelsOf(number)).toEqual([]);
    expect(await startsOf(number)).toHaveLength(1);
    expect(statusOf(number)).toContain("Cancelled");
  });

  test("counts although its agent then failed, and expires without an answer", async () => {
    const number = world.openIssue({ script: [{ ask: QUESTION }, { exit: 3 }] });
    await world.waitForState(number, "blocked");
    expect(questions(number)).toEqual([expect.stringContaining(`> ${QUESTION}`)]);
    expect(await statesOf(number)).not.toContain("retrying");

    const jobId = world.jobId(number);
    const { askedAt } = (await world.store.read(jobId)).question;
    const asked = Date.parse(askedAt ?? "");
    const expires = questionDueAt({ since: null, question: { askedAt } }, questionLifetimeMs(EXPIRES_DAYS), asked);
    let due = 0;
    await poll(120_000, async () => {
      due = Number(await world.redis.zscore(world.queue.toKey("delayed"), jobId)) / DELAYED_SCORE;
      return due > 0 ? null : "its job is not parked";
    });
    // A minute for the time between the question and its job's parking.
    expect(Math.abs(due - expires)).toBeLessThan(60_000);
    const long = new Date(asked - EXPIRES_DAYS * DAY_MS).toISOString();
    expect(await world.store.writeIf(jobId, {}, { since: long })).toBe(true);
    await (await world.queue.getJob(jobId))?.promote();
    await world.waitForState(number, "expired");
    expect(await startsOf(number)).toHaveLength(1);
    expect(questions(number)).toHaveLength(1);
    await world.github.waitFor(() => labelsOf(number).join() === "rpi-failed", { what: "the labels of an end" });
    expect(statusOf(number)).toContain(`add the label \`${LABEL}\` again`);
  });
});

const startsOf = (number: number) => world.agentStarts(number);

function questions(number: number): string[] {
  return bodies(number).filter((body) => /^<!-- tac8 .*"kind":"question"/.test(body));
}

function statusOf(number: number): string {
  return bodies(number).find((body) => /^<!-- tac8 .*"kind":"status"/.test(body)) ?? "";
}

function bodies(number: number): string[] {
  return world.github.comments(REPO, number).map(({ body }) => body);
}

function labelsOf(number: number): string[] {
  return [...world.github.issue(REPO, number).labels].sort();
}

async function statesOf(number: number): Promise<string[]> {
  const events = await readEvents(world.redis, { count: 1000 });
  return events.filter(({ issue }) => issue === world.jobId(number)).map(({ to }) => to);
}
