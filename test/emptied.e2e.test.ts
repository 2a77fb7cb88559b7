import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, REPO, type App, type World } from "./world.ts";

const QUESTION = "Shall it be red or green?";
const ANSWER = "Green, of course.";

let world: World;
let scheduler: App;
let told: string;

beforeAll(async () => {
  world = await createWorld();
  told = join(world.dir, "told.txt");
  world.startApp("runner");
});
afterAll(() => world.close());
beforeEach(() => {
  scheduler = world.startApp("scheduler");
  return () => scheduler.stop();
});

/** Nobody polls while it happens: a scheduler that saw it waits for more than half a minute before it adds anything. */
async function emptyRedis(meanwhile: () => void = () => {}): Promise<void> {
  await scheduler.stop();
  await world.redis.flushall();
  meanwhile();
  scheduler = world.startApp("scheduler");
}

/** An issue that has half of its work on its branch, and waits for an answer. */
async function blocked(): Promise<number> {
  const ask = `echo '${QUESTION}' > BLOCKED.md`;
  const number = world.openIssue({
    // A new session too does what its prompt says: it asks once, unless half of the work is there.
    script: [
      { prompt: told },
      { bash: `if [ -e half.txt ]; then echo green > color.txt; else echo half > half.txt; ${ask}; fi` },
      { commit: "some work" },
      { result: "Did what I could." },
    ],
  });
  await world.reaches(number, "blocked");
  return number;
}

describe("Redis is emptied", () => {
  test("while a question is open: it waits on without an agent, and the answer resumes the work", async () => {
    const number = await blocked();
    const before = await world.store.read(world.jobId(number));
    const comments = world.github.comments(REPO, number);
    await emptyRedis();
    await world.reaches(number, "blocked");
    const restored = await world.store.read(world.jobId(number));
    const same = [
      "questionId",
      "askedAt",
      "labelEvent",
      "admitted",
      "branch",
      "publishedSha",
      "statusComment",
    ] as const;
    for (const name of same) expect([name, restored[name]]).toEqual([name, before[name]]);
    expect(restored.question).toBe(QUESTION);
    expect(await startsOf(number)).toEqual([false]);
    expect(ids(world.github.comments(REPO, number))).toEqual(ids(comments));
    expect([...world.github.issue(REPO, number).labels].sort()).toEqual([LABEL, "rpi-blocked"]);

    world.github.comment({ repo: REPO, number, actor: OWNER, body: ANSWER });
    await expectAnswered(number);
  });

  test("and the answer came meanwhile: it resumes the work at once", async () => {
    const number = await blocked();
    await emptyRedis(() => world.github.comment({ repo: REPO, number, actor: OWNER, body: ANSWER }));
    await expectAnswered(number);
  });

  test("after a pull request whose label stayed: no second run, and the sign of the end stays", async () => {
    const path = /\/labels\/rpi-auto$/;
    world.github.fault({ method: "DELETE", path, times: 1000, do: { status: 403 } });
    const number = world.openIssue({ script: [{ write: "a.txt", text: "a\n" }, { result: "Done." }] });
    await world.reaches(number, "pr");
    expect([...world.github.issue(REPO, number).labels].sort()).toEqual([LABEL, "rpi-done"]);
    await emptyRedis();
    await world.reaches(number, "withdrawn");
    expect(await startsOf(number)).toEqual([false]);
    expect(world.github.issue(REPO, number).labels).toContain("rpi-done");
    expect(world.github.comments(REPO, number).map(({ body }) => body)).toEqual([expect.stringContaining("**Done**")]);
    world.github.clearFaults();
  });
});

/** A new session, for the old one's id is lost: it is told all, the answer too, and goes on from the branch. */
async function expectAnswered(number: number): Promise<void> {
  await world.reaches(number, "pr");
  expect(await startsOf(number)).toEqual([false, false]);
  const prompt = await readFile(told, "utf8");
  expect(prompt).toContain(`ANSWER by ${OWNER}`);
  expect(prompt).toContain(ANSWER);
  expect(prompt).toContain("Please.");
  const branch = `auto/gh-${number}`;
  expect(await world.github.file(REPO, branch, "half.txt")).toBe("half\n");
  expect(await world.github.file(REPO, branch, "color.txt")).toBe("green\n");
  const pulls = world.github.pulls(REPO).filter(({ head }) => head.startsWith(branch));
  expect(pulls).toHaveLength(1);
  // The question, its answer, and one status comment.
  expect(world.github.comments(REPO, number)).toHaveLength(3);
}

async function startsOf(number: number): Promise<unknown[]> {
  const starts = await world.agentStarts();
  return starts.filter(({ cwd }) => String(cwd).endsWith(`/gh-${number}`)).map(({ resumed }) => resumed);
}

function ids(comments: readonly { readonly id: number }[]): number[] {
  return comments.map(({ id }) => id);
}
