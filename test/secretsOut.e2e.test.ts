import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formsOf } from "./canary.ts";
import { pullsOf } from "./once.ts";
import { createWorld, OWNER, poll, REPO, type World } from "./world.ts";

const run = promisify(execFile);
const ALLOW = "rpi-allow";
/** The agents' model key, which is one of tac8's own secrets; nothing in it looks like a token. */
const KEY = `canary-${randomUUID()}`;
/** No secret of tac8, but everybody sees that it is one. Made here, so that no scanner takes this file for a leak. */
const TOKEN = ["xoxb", "123456789012", "1234567890123", randomUUID().replaceAll("-", "").slice(0, 24)].join("-");

let world: World;
beforeAll(async () => {
  world = await createWorld({ env: { ANTHROPIC_API_KEY: KEY } });
  world.startApp("scheduler");
  world.startApp("runner");
});
afterAll(() => world.close());

const hasBranch = (number: number) => `auto/gh-${number}` in world.github.branches(REPO);
const questionsOn = (number: number) =>
  world.github.comments(REPO, number).filter(({ body }) => /^<!-- tac8 .*"kind":"question"/.test(body));

/** Whether GitHub has the secret anywhere: texts, and each object of its repository. */
async function isOnGitHub(secret: string): Promise<boolean> {
  const numbers = [...world.github.issues(REPO), ...world.github.pulls(REPO)].map(({ number }) => number);
  const texts = [world.github.pulls(REPO), ...numbers.map((number) => world.github.comments(REPO, number))];
  const { stdout: found } = await run("find", [join(world.dir, "github"), "-name", "HEAD", "-path", "*.git/HEAD"]);
  const objects = await Promise.all(
    found
      .trim()
      .split("\n")
      .map(async (head) => {
        const all = ["cat-file", "--batch-all-objects", "--batch", "--unordered"];
        return (await run("git", ["-C", join(head, ".."), ...all], { encoding: "latin1", maxBuffer: 2 ** 28 })).stdout;
      }),
  );
  return [JSON.stringify(texts), ...objects].some((text) => formsOf(secret).some((form) => text.includes(form)));
}

const toMs = (at: number | string | undefined) => new Date(at ?? 0).getTime();
const commit = (path: string, text: string) => [{ write: path, text }, { commit: `feat: ${path}` }];
const cleanUp = [
  { bash: "git reset -q --hard $(git rev-list --max-parents=0 HEAD)" },
  ...commit("clean.txt", "clean\n"),
];

/** A few more tokens than a comment names, as in a test's fixtures. */
const FIXTURES = Array.from({ length: 60 }, (_, index) => `${TOKEN.slice(0, -2)}${index + 10}\n`).join("");

test.each<[string, string, readonly object[], string]>([
  [
    "the model's key behind many tokens in a commit",
    KEY,
    commit("a.txt", `${FIXTURES}key = ${KEY}\n`),
    "`a.txt` line 61 (a secret of this tac8)",
  ],
  ["the model's key in a commit", KEY, commit("a.txt", `key = ${KEY}\n`), "`a.txt` line 1 (a secret of this tac8)"],
  [
    "the model's key in base64, in a commit that the next one takes back",
    KEY,
    [
      ...commit("b.txt", `x\n${Buffer.from(`key=${KEY}`).toString("base64")}\n`),
      { bash: "git rm -q b.txt" },
      ...commit("c.txt", "c"),
    ],
    "`b.txt` line 2 (a secret of this tac8)",
  ],
  [
    "the model's key in a commit's message",
    KEY,
    [{ write: "d.txt", text: "d" }, { commit: `feat: d\n\nwith ${KEY}` }],
    "`a commit's message or author`",
  ],
])(
  "%s: nothing is published, no label allows it, and after a reply the agent changes it",
  async (_name, secret, work, shown) => {
    const number = world.openIssue({
      script: { first: [...work, { result: "Done." }], again: [...cleanUp, { result: "Clean." }] },
    });
    await world.waitForState(number, "blocked");
    expect(hasBranch(number)).toBe(false);
    expect(pullsOf(world, number)).toEqual([]);
    const comments = questionsOn(number).map(({ body }) => body);
    expect(comments).toEqual([expect.stringContaining(shown)]);
    expect(comments[0]).not.toContain(ALLOW);
    world.github.addLabel({ repo: REPO, number, actor: OWNER, label: ALLOW });
    world.github.comment({ repo: REPO, number, actor: OWNER, body: "Leave it out." });
    await world.waitForState(number, "pr");
    expect(await world.github.file(REPO, `auto/gh-${number}`, "clean.txt")).toBe("clean\n");
    expect(await isOnGitHub(secret)).toBe(false);
  },
);

test("a question or an answer that may have a secret is not shown, and the issue continues", async () => {
  const number = world.openIssue({
    script: { first: [{ ask: `Is ${TOKEN} right?` }, { result: "I asked." }], again: [{ result: `It is ${TOKEN}.` }] },
  });
  await world.waitForState(number, "blocked");
  expect(questionsOn(number)[0]?.body).toContain("The agent's question is not shown");
  world.github.comment({ repo: REPO, number, actor: OWNER, body: "Say it again." });
  await world.waitForState(number, "answered");
  const comments = JSON.stringify(world.github.comments(REPO, number));
  expect(comments).toContain("The agent's answer is not shown");
  expect(comments).not.toContain(TOKEN);
});

test("the summary of an agent whose commits are on GitHub already is searched too", async () => {
  const number = world.openIssue({
    script: [[...commit("f.txt", "f\n"), { crash: true }], [{ result: `Use ${TOKEN}.` }]],
  });
  await world.waitForState(number, "pr");
  const comments = JSON.stringify(pullsOf(world, number));
  expect(comments).toContain("The agent's summary is not shown");
  expect(comments).not.toContain(TOKEN);
});

test.each<[string, readonly object[], string]>([
  ["a commit", [...commit("slack.txt", `token: ${TOKEN}\n`), { result: "Done." }], "`slack.txt` line 1 (slack)"],
  ["the summary", [...commit("e.txt", "e\n"), { result: `Use ${TOKEN}.` }], "`the agent's summary` line 1 (slack)"],
])(
  "a possible token in %s: only a label that is added after the report publishes the work",
  async (_name, work, shown) => {
    const number = world.openIssue({ labels: ["rpi-auto", ALLOW], script: work });
    await world.waitForState(number, "blocked");
    const [question] = questionsOn(number);
    expect(question?.body).toContain(shown);
    expect(question?.body).toContain("remove it first");
    expect(hasBranch(number)).toBe(false);
    expect(JSON.stringify(world.github.comments(REPO, number))).not.toContain(TOKEN);

    // GitHub's times are in seconds.
    await poll(120_000, async () => (Date.now() > toMs(question?.createdAt) + 1000 ? null : "the same second"));
    world.github.removeLabel({ repo: REPO, number, actor: OWNER, label: ALLOW });
    world.github.addLabel({ repo: REPO, number, actor: OWNER, label: ALLOW });
    await world.waitForState(number, "pr");
    expect(await world.agentStarts(number)).toHaveLength(1);
    // The positive control: the search finds what is there.
    expect(await isOnGitHub(TOKEN)).toBe(true);
  },
);
