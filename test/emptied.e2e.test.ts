import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, REPO, type App, type World } from "./world.ts";

const QUESTION = "Shall it be red or green?";
const ANSWER = "Green, of course.";

let world: World;
let scheduler: App;
beforeAll(async () => {
  world = await createWorld();
  scheduler = world.startApp("scheduler");
  world.startApp("runner");
});
afterAll(() => world.close());

/** An issue that has half of its work on its branch, and waits for an answer. */
async function blocked(name: string): Promise<{ number: number; prompt: string }> {
  const prompt = join(world.dir, `${name}.txt`);
  const ask = `echo '${QUESTION}' > BLOCKED.md`;
  const number = world.openIssue({
    // A new session too does what its prompt says: it asks once, unless half of the work is there.
    script: [
      { prompt },
      { bash: `if [ -e half.txt ]; then echo green > color.txt; else echo half > half.txt; ${ask}; fi` },
      { commit: "some work" },
      { result: "Did what I could." },
    ],
  });
  await world.waitForState(number, "blocked");
  return { number, prompt };
}

const startsOf = async (number: number) => (await world.agentStarts(number)).map(({ resumed }) => resumed);
const labelsOf = (number: number) => [...world.github.issue(REPO, number).labels].sort();
const idsOf = (number: number) => world.github.comments(REPO, number).map(({ id }) => id);
const answer = (number: number) => world.github.comment({ repo: REPO, number, actor: OWNER, body: ANSWER });

test("Redis is emptied: a question still waits without an agent, or is answered meanwhile; a label that was not removed starts nothing", async () => {
  const { github } = world;
  const waits = await blocked("waits");
  const before = await world.store.read(world.jobId(waits.number));
  const comments = idsOf(waits.number);
  const answered = await blocked("answered");
  github.fault({ method: "DELETE", path: /\/labels\/rpi-auto$/, times: 1000, do: { status: 403 } });
  const done = world.openIssue({ script: [{ write: "a.txt", text: "a\n" }, { result: "Done." }] });
  await world.waitForState(done, "pr");
  expect(labelsOf(done)).toEqual([LABEL, "rpi-done"]);

  // Nobody polls while it happens: a scheduler that saw it waits for more than half a minute before it adds anything.
  await scheduler.stop();
  await world.redis.flushall();
  answer(answered.number);
  scheduler = world.startApp("scheduler");

  await world.waitForState(done, "withdrawn");
  expect((await world.store.read(world.jobId(done))).end.reason).toContain("left behind");
  expect(await startsOf(done)).toEqual([false]);
  expect(github.issue(REPO, done).labels).toContain("rpi-done");
  expect(github.comments(REPO, done).map(({ body }) => body)).toEqual([expect.stringContaining("**PR**")]);
  expect(pullsOf(done)).toHaveLength(1);
  github.clearFaults();

  await world.waitForState(waits.number, "blocked");
  const restored = await world.store.read(world.jobId(waits.number));
  const { question, label, round, branch, statusComment } = before;
  expect(restored).toMatchObject({
    question: { commentId: question.commentId, askedAt: question.askedAt },
    label: { event: label.event },
    round: { admitted: round.admitted },
    branch: { name: branch.name, published: branch.published },
    statusComment,
  });
  expect(restored.question.text).toBe(QUESTION);
  expect(await startsOf(waits.number)).toEqual([false]);
  expect(idsOf(waits.number)).toEqual(comments);
  expect(labelsOf(waits.number)).toEqual([LABEL, "rpi-blocked"]);

  await expectAnswered(answered);
  answer(waits.number);
  await expectAnswered(waits);
});

const pullsOf = (number: number) => world.github.pulls(REPO).filter(({ head }) => head === `auto/gh-${number}`);

/** Expect a new session, because the id of the old one is lost: its prompt has the whole issue and the answer, and it continues from the branch. */
async function expectAnswered({ number, prompt }: { number: number; prompt: string }): Promise<void> {
  await world.waitForState(number, "pr");
  expect(await startsOf(number)).toEqual([false, false]);
  const text = await readFile(prompt, "utf8");
  expect(text).toContain(`ANSWER by ${OWNER}`);
  expect(text).toContain(ANSWER);
  expect(text).toContain("Please.");
  const branch = `auto/gh-${number}`;
  expect(await world.github.file(REPO, branch, "half.txt")).toBe("half\n");
  expect(await world.github.file(REPO, branch, "color.txt")).toBe("green\n");
  expect(pullsOf(number)).toHaveLength(1);
  // The question, its answer, and one status comment.
  expect(world.github.comments(REPO, number)).toHaveLength(3);
}
