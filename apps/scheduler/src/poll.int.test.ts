import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readEvents } from "@tac8/core/state/events";
import { readScheduler } from "@tac8/core/state/presence";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { createHarness, LABEL, OWNER, REPO, tokenOf, type Harness } from "./harness.fixture.ts";

let at: Harness;
beforeEach(async () => {
  at = await createHarness();
});
afterEach(() => at.close());

const by = (number: number, label = LABEL) => ({ repo: REPO, number, actor: OWNER, label });

async function queued(): Promise<number[]> {
  const jobs = await at.queue.getJobs(["waiting", "prioritized", "delayed", "active"]);
  return jobs.map((job) => job.data.number).toSorted((a, b) => a - b);
}

describe("a repository with 300 labelled issues", () => {
  test("queues each issue once, notices a removed label on page 3, and gets only 304s while nothing changes", async () => {
    const numbers = Array.from({ length: 300 }, () => at.openIssue());
    await at.poll();
    expect(await queued()).toEqual(numbers);
    expect((await readEvents(at.redis, { count: 1000 })).filter(({ to }) => to === "queued")).toHaveLength(300);

    // One issue of each kind that needs more requests: ended but still labelled, blocked with a question, retried by a user.
    const [ended, asking, retried] = [await at.take(), await at.take(), await at.take()];
    await ended.end("pr", { "label.event": 9_000_000 });
    await asking.park("blocked", { "question.commentId": 1_000_000, "agent.runCount": 1 });
    at.github.comment({ repo: REPO, number: asking.number, actor: "stranger", body: "Me too!" });
    await retried.park("parked", { "round.retriedAt": "then", "agent.runCount": 1 });
    at.github.removeLabel(by(retried.number));
    await at.poll();
    const before = at.github.requests.length;
    for (let round = 1; round <= 20; round += 1) await at.poll();
    const asked = at.github.requests.slice(before);
    expect(asked.filter(({ notModified }) => !notModified)).toEqual([]);
    // Each poll reads the repository, three pages, the events, the unlabelled issue and the comments.
    expect(asked).toHaveLength(20 * 7);
    expect(await queued()).toEqual(numbers.filter((number) => number !== ended.number));

    at.github.removeLabel(by(250));
    await at.poll();
    expect(await queued()).toEqual(numbers.filter((number) => ![ended.number, 250].includes(number)));
    expect(await at.statusOf(250)).toBe("none:withdrawn");
  });

  test("pull requests in the list are ignored", async () => {
    await at.github.commitTo({ repo: REPO, branch: "topic", files: { a: "b" }, author: OWNER });
    const answer = await fetch(`${at.github.url}/repos/${REPO}/pulls`, {
      method: "POST",
      headers: { authorization: `Bearer ${tokenOf(at.config)}` },
      body: JSON.stringify({ title: "t", head: "topic", base: "main" }),
    });
    const { number } = (await answer.json()) as { number: number };
    at.github.addLabel(by(number));
    const issue = at.openIssue();
    await at.poll();
    expect(await queued()).toEqual([issue]);
  });
});

describe("labels", () => {
  test("the most urgent issue is processed first, and started work before new work of the same priority", async () => {
    const [plain, urgent, begun, later] = [at.openIssue(), at.openIssue(), at.openIssue(), at.openIssue()];
    at.github.addLabel(by(begun, "priority:P1"));
    at.github.addLabel(by(later, "priority:P1"));
    await at.poll();
    await at.store.writeIf(at.jobId(begun), {}, { "agent.runCount": 1 });
    at.github.addLabel(by(urgent, "Priority:P0"));
    await at.poll();
    const order = [];
    for (let left = 4; left > 0; left -= 1) order.push((await at.take()).number);
    expect(order).toEqual([urgent, begun, later, plain]);
  });

  test("a label that is added again starts one more run, a label that was not removed starts none", async () => {
    const number = at.openIssue();
    await at.poll();
    const used = () => Math.max(...at.github.issue(REPO, number).events.map(({ id }) => id));
    await (await at.take()).end("pr", { "label.event": used(), statusComment: null });
    for (let round = 1; round <= 3; round += 1) await at.poll();
    expect(await at.statusOf(number)).toBe("completed:pr");

    at.github.removeLabel(by(number));
    await at.poll();
    at.github.addLabel(by(number));
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:queued");
    expect(await at.store.read(at.jobId(number))).toMatchObject({
      end: { outcome: null },
      agent: { runCount: 0 },
      checkpoint: "none",
    });
    await (await at.take()).end("failed", { "label.event": used(), "end.failure": "refused", checkpoint: "worked" });
    await at.poll();
    expect(await at.statusOf(number)).toBe("failed:failed");
  });

  test("a label that could not be removed is removed later", async () => {
    const number = at.openIssue();
    await at.poll();
    const [event] = at.github.issue(REPO, number).events;
    await (await at.take()).end("pr", { "label.event": event?.id ?? 0, "label.notRemoved": event?.id ?? 0 });
    at.github.fault({ method: "DELETE", path: /labels/, times: 1, do: { status: 403 } });
    await at.poll();
    expect(at.github.issue(REPO, number).labels).toEqual([LABEL]);
    expect((await readScheduler(at.redis))?.lastPollAt).not.toBeNull();
    await at.poll();
    expect(at.github.issue(REPO, number).labels).toEqual([]);
    expect((await at.store.read(at.jobId(number))).label.notRemoved).toBeNull();
  });

  test("a retry by a user needs no label", async () => {
    const number = at.openIssue();
    await at.poll();
    await (await at.take()).end("failed", { "label.event": 9_000_000 });
    at.github.removeLabel(by(number));
    await at.store.writeIf(at.jobId(number), {}, { state: "queued", "round.retriedAt": "then", "end.outcome": null });
    await (await at.queue.getJob(at.jobId(number)))?.retry("failed");
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:queued");
    expect((await at.store.read(at.jobId(number))).command.cancel).toBeNull();
  });
});

test("an incomplete list of issues withdraws no issue", async () => {
  const first = at.openIssue();
  await at.poll();
  // The fault applies to every try of one poll. Because of the new issue, GitHub answers with a list, not with a 304.
  const list = { method: "GET", path: `/repos/${REPO}/issues`, times: 4 } as const;
  const fault = at.github.fault({ ...list, do: { drop: "middle" } });
  const second = at.openIssue();
  await at.poll();
  expect(fault.hits).toBe(4);
  expect(await at.statusOf(first)).toBe("prioritized:queued");
  await at.poll();
  expect(await queued()).toEqual([first, second]);
});

describe("an issue that ends while it waits", () => {
  test("closed, deleted, transferred, unlabelled: withdrawn, each with its reason", async () => {
    await at.github.createRepository({ owner: OWNER, name: "other" });
    const [closed, deleted, moved, bare, stays] = Array.from({ length: 5 }, () => at.openIssue());
    await at.poll();
    at.github.closeIssue({ repo: REPO, number: closed ?? 0, actor: OWNER });
    at.github.deleteIssue(REPO, deleted ?? 0);
    at.github.transferIssue({ repo: REPO, number: moved ?? 0, actor: OWNER, to: `${OWNER}/other` });
    at.github.removeLabel(by(bare ?? 0));
    await at.poll();
    expect(await queued()).toEqual([stays]);
    const reasons = (await readEvents(at.redis, { count: 100 })).filter(({ to }) => to === "withdrawn");
    expect(Object.fromEntries(reasons.map(({ issue, reason }) => [issue, reason]))).toEqual({
      [at.jobId(closed ?? 0)]: "the issue was closed by octo",
      [at.jobId(deleted ?? 0)]: "the issue was deleted",
      [at.jobId(moved ?? 0)]: "the issue was transferred to octo/other#1",
      [at.jobId(bare ?? 0)]: "the label was removed by octo",
    });
    const [one] = reasons.filter(({ issue }) => issue === at.jobId(closed ?? 0));
    expect(one?.evidence).toMatchObject({
      actor: OWNER,
      at: expect.stringMatching(/^\d{4}-/),
      event: expect.any(Number),
    });

    at.github.reopenIssue({ repo: REPO, number: closed ?? 0, actor: OWNER });
    await at.poll();
    expect(await queued()).toEqual([closed, stays]);
  });

  test("withdrawn without the user's name if GitHub does not report it", async () => {
    const numbers = [at.openIssue(), at.openIssue()];
    await at.poll();
    const asked: string[] = [];
    const newestEvent: typeof at.services.github.newestEvent = (_, number) => {
      asked.push(String(number));
      return Promise.reject(new Error("502"));
    };
    at.restart({ github: { ...at.services.github, newestEvent } });
    for (const number of numbers) at.github.removeLabel(by(number));
    await at.poll();
    expect(await queued()).toEqual([]);
    expect(asked).toHaveLength(1);
    const reasons = (await readEvents(at.redis, { count: 100 })).filter(({ to }) => to === "withdrawn");
    expect(reasons.map(({ reason }) => reason)).toEqual(["the label was removed", "the label was removed"]);
  });

  test("closed while it runs: its runner gets the command; unlabelled while it runs: it finishes", async () => {
    const [closed, bare] = [at.openIssue(), at.openIssue()];
    await at.poll();
    await at.take();
    await at.take();
    at.github.closeIssue({ repo: REPO, number: closed, actor: OWNER });
    at.github.removeLabel(by(bare));
    await at.poll();
    expect((await at.store.read(at.jobId(closed))).command.cancel).toBe("the issue was closed by octo");
    const reported = (await readEvents(at.redis, { count: 100 })).filter(({ to }) => to === "note");
    expect(reported).toMatchObject([
      {
        issue: at.jobId(closed),
        from: "running",
        reason: "to be cancelled: the issue was closed by octo",
        evidence: { actor: OWNER },
      },
    ]);
    expect((await at.store.read(at.jobId(bare))).command.cancel).toBeNull();
  });

  test("parked with work: a runner ends it at once, unless the label is added again first", async () => {
    const number = at.openIssue();
    await at.poll();
    await (await at.take()).park("parked", { "agent.runCount": 1 });
    at.github.removeLabel(by(number));
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:parked");
    expect((await at.store.read(at.jobId(number))).command.cancel).toBe("the label was removed by octo");
    at.github.addLabel(by(number));
    await at.poll();
    expect((await at.store.read(at.jobId(number))).command.cancel).toBeNull();
  });
});

describe("a question", () => {
  test("is answered by users with write access, and the work continues at once", async () => {
    const number = at.openIssue();
    await at.poll();
    const say = (actor: string, body: string) => at.github.comment({ repo: REPO, number, actor, body });
    const { id } = say(OWNER, '<!-- tac8 {"v":1,"kind":"question","run":"r"} -->\nWhich colour?');
    await (
      await at.take()
    ).park("blocked", { "question.commentId": id, "agent.runCount": 1, "end.outcome": "blocked" });
    say("stranger", "Pink!");
    await at.poll();
    expect(await at.statusOf(number)).toBe("delayed:blocked");
    say(OWNER, "Blue.");
    say(OWNER, "Dark blue.");
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:blocked");
    const answer = (await at.store.read(at.jobId(number))).question.reply;
    expect(answer).toMatchObject({ author: OWNER, text: "Blue.\n\nDark blue." });
  });
});

describe("what is lost", () => {
  test("a scheduler that dies between the writes to record and queue: the next poll repairs the issue", async () => {
    const number = at.openIssue();
    const dying = Object.create(at.queue, { add: { value: () => Promise.reject(new Error("killed")) } });
    at.restart({ queue: dying });
    await at.poll();
    expect(await at.statusOf(number)).toBe("none:queued");
    at.restart();
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:queued");
  });

  test("if it dies so after an issue was labelled again, no paid work is lost", async () => {
    const number = at.openIssue();
    await at.poll();
    const [event] = at.github.issue(REPO, number).events;
    const work = { "end.failure": "github", checkpoint: "worked", "agent.runCount": 1, "agent.session": "s" } as const;
    await (await at.take()).end("failed", { "label.event": event?.id ?? 0, ...work });
    at.github.removeLabel(by(number));
    at.github.addLabel(by(number));
    const dying = Object.create(at.queue, { add: { value: () => Promise.reject(new Error("killed")) } });
    at.restart({ queue: dying });
    await at.poll();
    at.restart();
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:queued");
    const {
      checkpoint,
      agent: { session, runCount: agentRuns },
    } = await at.store.read(at.jobId(number));
    expect({ checkpoint, session, agentRuns }).toEqual({ checkpoint: "worked", session: "s", agentRuns: 1 });
  });

  test("a reply that was recorded but whose job was not woken wakes it at the next poll", async () => {
    const number = at.openIssue();
    await at.poll();
    const answer = { commentId: 1, author: OWNER, text: "Yes." };
    await (await at.take()).park("blocked", { "question.commentId": 1, "question.reply": answer, "agent.runCount": 1 });
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:blocked");
  });

  test("a job that was deleted or failed behind the issue's back is queued again", async () => {
    const [deleted, failed] = [at.openIssue(), at.openIssue()];
    await at.poll();
    await (await at.queue.getJob(at.jobId(deleted)))?.remove();
    const taken = await at.take();
    expect(taken.number).toBe(failed);
    await taken.end("failed");
    // As if its runner had not written this yet.
    await at.redis.hset(`tac8:issue:${at.jobId(failed)}`, "state", "running");
    await at.redis.hdel(`tac8:issue:${at.jobId(failed)}`, "outcome");
    await at.poll();
    expect([await at.statusOf(deleted), await at.statusOf(failed)]).toEqual([
      "prioritized:queued",
      "prioritized:running",
    ]);
  });

  test("an emptied record: a labelled issue is queued again", async () => {
    const number = at.openIssue();
    await at.poll();
    await (await at.take()).end("pr");
    await at.redis.del(`tac8:issue:${at.jobId(number)}`);
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:queued");
  });

  test("an emptied Redis: no job is added until runners must have noticed", async () => {
    const number = at.openIssue();
    await at.poll();
    await at.take();
    await at.redis.flushall();
    await at.poll();
    expect(await at.statusOf(number)).toBe("none:none");
    at.advance(120_000 + 29_000);
    await at.poll();
    expect(await at.statusOf(number)).toBe("none:none");
    at.advance(2000);
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:queued");
  });

  test("a scheduler that starts on an emptied Redis learns from the label that agents still work", async () => {
    const [working, other] = [at.openIssue({ labels: [LABEL, "RPI-working"] }), at.openIssue()];
    await at.poll();
    expect([await at.statusOf(working), await at.statusOf(other)]).toEqual(["none:none", "none:none"]);
    at.restart();
    at.advance(151_000);
    await at.poll();
    expect([await at.statusOf(working), await at.statusOf(other)]).toEqual([
      "prioritized:queued",
      "prioritized:queued",
    ]);
  });
});

describe("a queue of many jobs", () => {
  beforeEach(async () => {
    await at.close();
    at = await createHarness({ repositories: ["widgets", "gadgets", "gizmos"] });
  });

  fieldTest(
    "F9",
    "is read once per poll for all repositories, in pages, and no record is read completely",
    async () => {
      const others = Array.from({ length: 2500 }, (_, index) => index + 1);
      await at.queue.addBulk(
        others.map((number) => ({
          name: "issue",
          data: { owner: OWNER, repo: "elsewhere", number, repositoryId: 9, title: "", url: "" },
          opts: { jobId: `octo.elsewhere.${number}`, priority: 30 },
        })),
      );
      const number = at.openIssue();
      await at.poll();
      await at.redis.config("RESETSTAT");
      await at.poll();
      const reported = await at.redis.info("commandstats");
      const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(reported)?.[1] ?? 0);
      expect(calls("lrange")).toBe(2); // What waits and what is active.
      expect(calls("zscan")).toBeGreaterThan(2);
      expect(calls("zscan")).toBeLessThan(10);
      expect(calls("zrange")).toBe(0);
      expect(calls("hgetall")).toBe(0);
      expect(await at.statusOf(number)).toBe("prioritized:queued");
    },
  );
});
