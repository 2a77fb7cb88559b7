import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseMarker } from "@tac8/core/domain/marker";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";

const WORDS = "This was fixed by **v2** already.\n\n- `greet` trims the name\n- a test covers it";

let world: World;
let scheduler: App;
beforeAll(async () => {
  world = await createWorld();
  scheduler = world.startApp("scheduler");
  world.startApp("runner");
});
afterAll(() => world.close());

const addLabel = (number: number) => world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
const labelsOf = (number: number) => world.github.issue(REPO, number).labels;
const pullsOf = (number: number) => world.github.pulls(REPO).filter(({ head }) => head.startsWith(`auto/gh-${number}`));
const tree = (number: number) => join(world.dataFolder, "workspaces", REPO, "trees", `gh-${number}`);
const startsOf = async (number: number) => (await world.agentStarts(number)).map(({ resumed }) => resumed);

/** Our comments of a kind, oldest first. */
function comments(number: number, kind: string): string[] {
  return world.github.comments(REPO, number).flatMap(({ body }) => (parseMarker(body)?.kind === kind ? [body] : []));
}

/** Waits for an end; with `times`, for that many of them. Another end is an error at once. */
async function ends(number: number, state: string, times = 1): Promise<void> {
  await poll(120_000, async () => {
    const states = (await world.history(number)).map(({ to }) => to);
    if (states.filter((to) => to === state).length >= times) return null;
    const wrong = states.find((to) => to !== state && ["failed", "pr", "answered"].includes(to));
    if (wrong !== undefined && times === 1) throw new Error(`issue ${number} ended as ${wrong}, not ${state}`);
    return `issue ${number} is not ${state}`;
  });
}

fieldTest(
  "A8",
  "an agent that changes nothing and explains why: one run, and its message is on the issue",
  async () => {
    const number = world.openIssue({
      script: [
        [{ say: "Let me check." }, { bash: "git log --oneline" }, { result: `${WORDS}\n\nghp_${"x".repeat(36)}` }],
      ],
    });
    await ends(number, "answered");
    expect(await startsOf(number)).toEqual([false]);
    expect(pullsOf(number)).toEqual([]);
    expect(labelsOf(number)).toEqual(["rpi-answered"]);
    const [answer, ...more] = comments(number, "answer");
    expect(more).toEqual([]);
    for (const line of WORDS.split("\n").filter(Boolean)) expect(answer).toContain(line);
    expect(answer).not.toContain("Let me check.");
    expect(answer).not.toContain("ghp_x");
    expect(answer).toContain(`\`${LABEL}\``);
    expect(comments(number, "status")).toEqual([expect.stringContaining("**Answered**")]);
    expect(comments(number, "failure")).toEqual([]);
    const job = await world.queue.getJob(world.jobId(number));
    await poll(120_000, async () => ((await job?.getState()) === "completed" ? null : "its job is not completed"));
    const done = await world.queue.getJob(world.jobId(number));
    expect(done?.returnvalue).toMatchObject({ outcome: "answered", prUrl: null });
    expect(done?.returnvalue.reason).toContain("fixed by");
    expect(existsSync(tree(number))).toBe(false);
  },
);

fieldTest(
  "A8",
  "a label added again after an answer: the session is resumed and gets the comments written since",
  async () => {
    const prompt = join(world.dir, "next-round.txt");
    const number = world.openIssue({
      script: [
        [{ result: WORDS }],
        [{ prompt }, { write: "fix.txt", text: "fixed\n" }, { commit: "fix: really" }, { result: "Fixed." }],
      ],
    });
    await ends(number, "answered");
    world.github.comment({ repo: REPO, number, actor: OWNER, body: "It still fails with two spaces." });
    addLabel(number);
    await world.waitForNthState(number, "pr", 1);
    const starts = await world.agentStarts(number);
    expect(starts.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(new Set(starts.map((start) => start["session"])).size).toBe(1);
    expect(await readFile(prompt, "utf8")).toContain("It still fails with two spaces.");
    expect(comments(number, "answer")).toHaveLength(1);
    expect(labelsOf(number)).toEqual(["rpi-done"]);
    expect(await world.github.file(REPO, `auto/gh-${number}`, "fix.txt")).toBe("fixed\n");
  },
);

fieldTest(
  "A8",
  "Redis is emptied after an answer: the answer is not posted again, and a new session gets it",
  async () => {
    const prompt = join(world.dir, "rebuilt.txt");
    const number = world.openIssue({ script: [[{ prompt }, { result: WORDS }]] });
    await ends(number, "answered");
    await scheduler.stop();
    await world.redis.flushall();
    addLabel(number);
    scheduler = world.startApp("scheduler");
    await ends(number, "answered");
    expect(await startsOf(number)).toEqual([false, false]);
    expect(await readFile(prompt, "utf8")).toContain("`greet` trims the name");
    // One for each round, each with a marker of its own.
    expect(comments(number, "answer")).toHaveLength(2);
    expect(comments(number, "status")).toHaveLength(1);
  },
);

fieldTest("A8", "nothing to change on an open pull request: the agent's message is on the issue", async () => {
  const number = world.openIssue({
    script: {
      first: [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Done." }],
    },
  });
  await ends(number, "pr");
  const [pull] = pullsOf(number);
  world.github.comment({
    repo: REPO,
    number,
    actor: OWNER,
    body: `Sure?\n\`\`\`tac8-script\n${JSON.stringify([[{ result: "Yes: **all** cases are covered." }]])}\n\`\`\``,
  });
  addLabel(number);
  await ends(number, "pr", 2);
  expect(pullsOf(number)).toHaveLength(1);
  expect(pullsOf(number)[0]?.headSha).toBe(pull?.headSha);
  expect(comments(number, "answer")).toEqual([expect.stringContaining("Yes: **all** cases are covered.")]);
  expect(comments(number, "answer")[0]).toContain(`#${pull?.number}`);
  expect(labelsOf(number)).toEqual(["rpi-done"]);
});

fieldTest("A8", "nothing to change is an answer, even if the base branch has moved since the work began", async () => {
  const begun = join(world.dir, "begun");
  const number = world.openIssue({
    script: [[{ bash: `touch '${begun}'` }, world.gate("base-moved"), { crash: true }], [{ result: WORDS }]],
  });
  await poll(120_000, async () => (existsSync(begun) ? null : "its agent did not begin"));
  await world.github.commitTo({
    repo: REPO,
    branch: "main",
    files: { "theirs.txt": "theirs\n" },
    message: "feat: theirs",
    author: OWNER,
  });
  await world.openGate("base-moved");
  await ends(number, "answered");
  expect(await startsOf(number)).toEqual([false, true]);
  expect(pullsOf(number)).toEqual([]);
  expect(comments(number, "answer")).toHaveLength(1);
});

test("a question takes precedence over an answer, and a failed run has no answer", async () => {
  const asks = world.openIssue({ script: [[{ ask: "Which?" }, { result: "I asked." }]] });
  const fails = world.openIssue({ script: [[{ say: "It is fine." }, { error: { status: 400, message: "no" } }]] });
  await world.waitForState(asks, "blocked");
  await world.waitForState(fails, "failed");
  for (const number of [asks, fails]) expect(comments(number, "answer")).toEqual([]);
});

fieldTest(
  "A4",
  "an agent that will continue later has not finished: it is resumed first, and its work is published after that",
  async () => {
    const gate = "after-part-two";
    const number = world.openIssue({
      script: [
        [
          { write: "one.txt", text: "1\n" },
          { commit: "feat: part 1" },
          { tool: "ScheduleLater", input: { delaySeconds: 60 }, answer: "Scheduled." },
          { result: "Part 1 is done. I continue in a minute." },
        ],
        [{ write: "two.txt", text: "2\n" }, { commit: "feat: part 2" }, world.gate(gate), { result: "All is done." }],
      ],
    });
    await poll(120_000, async () => ((await world.agentStarts(number)).length === 2 ? null : "was not resumed"));
    expect(pullsOf(number)).toEqual([]);
    await world.openGate(gate);
    await ends(number, "pr");
    expect(await startsOf(number)).toEqual([false, true]);
    const [pull] = pullsOf(number);
    expect(pull?.body).toContain("All is done.");
    expect(await world.github.file(REPO, pull?.head ?? "", "two.txt")).toBe("2\n");
  },
);

fieldTest("A4", "an agent that always leaves something for later fails, and is never shown as done", async () => {
  const number = world.openIssue({
    script: [
      [
        { append: "one.txt", text: "1\n" },
        { commit: "feat: more" },
        { background: "tests", kind: "agent" },
        { result: "The rest comes." },
      ],
    ],
  });
  await ends(number, "failed");
  expect(pullsOf(number)).toEqual([]);
  expect(comments(number, "answer")).toEqual([]);
  const [failure] = comments(number, "failure");
  expect(failure).toContain("tests");
  expect((await world.store.read(world.jobId(number))).end.failure).toBe("unfinished");
});

fieldTest(
  "A4",
  "an agent that leaves a command running twice: its work becomes a pull request that says so",
  async () => {
    const prompt = join(world.dir, "still-running.txt");
    const number = world.openIssue({
      script: [
        [{ write: "one.txt", text: "1\n" }, { commit: "feat: one" }, { background: "dev server" }, { result: "Done." }],
        [{ prompt }, { write: "two.txt", text: "2\n" }, { background: "dev server" }, { result: "All is done." }],
      ],
    });
    await ends(number, "pr");
    expect(await startsOf(number)).toEqual([false, true]);
    expect(await readFile(prompt, "utf8")).toContain("your background processes ended with your turn");
    const [pull] = pullsOf(number);
    expect(pull?.body).toMatch(
      /the agent ended while one of its commands was still running[^]*dev server[^]*All is done/,
    );
    for (const [name, text] of [
      ["one.txt", "1\n"],
      ["two.txt", "2\n"],
    ] as const)
      expect(await world.github.file(REPO, pull?.head ?? "", name)).toBe(text);
  },
);

fieldTest("A4", "an agent that leaves a command running and changes nothing: the issue fails", async () => {
  const number = world.openIssue({ script: [[{ background: "dev server" }, { result: "Done." }]] });
  await ends(number, "failed");
  expect(pullsOf(number)).toEqual([]);
  expect(comments(number, "answer")).toEqual([]);
  const { failure, reason } = (await world.store.read(world.jobId(number))).end;
  expect([failure, reason]).toEqual(["unfinished", expect.stringContaining("dev server")]);
});

fieldTest(
  "A9",
  "calls that the repository's settings denied are listed in the pull request, the answer and the failure",
  async () => {
    const secret = `ghp_${"y".repeat(36)}`;
    const deny = { deny: "Bash", input: { command: `npm publish --token ${secret}` } };
    const pull = world.openIssue({
      script: [[deny, { write: "a.txt", text: "a\n" }, { result: "Done, but not published." }]],
    });
    const answer = world.openIssue({
      script: [[deny, { deny: "WebFetch", input: { url: "https://example.com/docs" } }, { result: "I may not." }]],
    });
    const failure = world.openIssue({ script: [[deny, { error: { status: 400, message: "no" } }]] });
    await ends(pull, "pr");
    await ends(answer, "answered");
    await ends(failure, "failed");
    const texts = [pullsOf(pull)[0]?.body ?? "", ...comments(answer, "answer"), ...comments(failure, "failure")];
    expect(texts).toHaveLength(3);
    for (const text of texts) {
      expect(text).toContain("`Bash`: `npm publish --token ");
      expect(text).toContain("settings");
      expect(text).not.toContain(secret);
    }
    expect(texts[1]).toContain("`WebFetch`: `https://example.com/docs`");
  },
);
