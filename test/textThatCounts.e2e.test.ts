import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

/**
 * `stranger` cannot write to the repository. The account opens issues, and edits them after OWNER has read them and added the
 * label. The words of the attack are harmless; the tests check whether they reach a prompt.
 */
let world: World;
let token: string;
const ATTACK = "words of the attacker";
const GRAPHQL = { method: "POST", path: "/graphql" } as const;

beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_concurrent_workers: 3 } } });
  token = world.github.addUser({ login: "stranger" });
  world.startApp("scheduler");
});
afterAll(() => world.close());

interface Reported {
  readonly number: number;
  /** The text that an agent works on, with `words` in it. */
  readonly body: (words: string) => string;
  /** The prompts of the issue's agents, as they were given. */
  readonly prompt: () => Promise<string>;
}

/** An issue of the stranger. Its agent notes its prompt, does `steps`, and makes a commit. */
function open(steps: readonly unknown[] = [], at = world): Reported {
  const file = join(at.dir, `prompt-${randomUUID()}.txt`);
  const script = () => [
    { prompt: file },
    ...steps,
    { append: "work.txt", text: `${randomUUID()}\n` },
    { commit: "feat: work" },
    { result: "Done." },
  ];
  const body = (words: string) => `${words}\n\n\`\`\`tac8-script\n${JSON.stringify(script())}\n\`\`\`\n`;
  const issue = { repo: REPO, title: "A bug", body: body("Please fix it."), author: "stranger" };
  const { number } = at.github.openIssue(issue);
  return { number, body, prompt: () => readFile(file, "utf8") };
}

const label = (number: number, at = world) => at.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });

/** What the stranger does is done as anybody does it: by GitHub's API. */
async function asStranger(method: string, path: string, body: object, secret = token, at = world): Promise<void> {
  const headers = { authorization: `token ${secret}` };
  const url = `${at.github.url}/repos/${REPO}/issues/${path}`;
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  expect([answer.status, await answer.text()]).toEqual([expect.toBeOneOf([200, 201]), expect.any(String)]);
}

const pullsOf = (number: number) => world.github.pulls(REPO).filter(({ head }) => head.startsWith(`auto/gh-${number}`));
const comments = (number: number) =>
  world.github
    .comments(REPO, number)
    .map(({ body }) => body)
    .filter((body) => body.includes("ended without a pull request"));
const edited = (what: string) => expect.stringContaining(`stranger edited the issue's ${what} (`) as unknown;
const runner = () => world.startApp("runner");

/** A runner that reads an issue before its work begins and before it is published, and not in between. */
async function inattentiveRunner(): Promise<App> {
  const config = await readFile(world.configFile, "utf8");
  const file = join(world.dir, "inattentive.toml");
  await writeFile(file, config.replace("poll_interval_seconds = 1", "poll_interval_seconds = 3600"));
  return world.startApp("runner", { TAC8_CONFIG: file });
}

async function agentWorksOn(number: number): Promise<void> {
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent yet"));
}

async function isStopped(number: number, what: string, starts: number): Promise<void> {
  await world.waitForState(number, "failed");
  expect(await world.store.read(world.jobId(number))).toMatchObject({ end: { failure: "edited", outcome: "failed" } });
  expect(comments(number)).toEqual([edited(what)]);
  expect(comments(number)[0]).toContain(`add the label \`${LABEL}\` again`);
  expect(await world.agentStarts(number)).toHaveLength(starts);
  expect(pullsOf(number)).toEqual([]);
  expect(world.github.issue(REPO, number).labels).toEqual(["rpi-failed"]);
}

test.each([
  ["body in the second of the label", "body", 0],
  ["body after that", "body", 2000],
  ["title", "title", 2000],
])(
  "a stranger edits the %s before the work begins: no agent starts; a new label makes the edit count",
  async (_, what, ms) => {
    const { number, body, prompt } = open();
    label(number);
    world.github.advanceClock(ms);
    await asStranger("PATCH", String(number), what === "body" ? { body: body(ATTACK) } : { title: ATTACK });
    const app = runner();
    await isStopped(number, what, 0);
    world.github.advanceClock(2000);
    label(number);
    await world.waitForNthState(number, "pr", 1);
    expect(await prompt(), "what would have been worked on").toContain(ATTACK);
    expect(pullsOf(number).map(({ title }) => title)).toEqual([what === "title" ? ATTACK : "A bug"]);
    await app.stop();
  },
);

test("an edit that was reverted stops the work too", async () => {
  const { number, body } = open();
  const { body: first } = world.github.issue(REPO, number);
  label(number);
  await asStranger("PATCH", String(number), { body: body(ATTACK) });
  await asStranger("PATCH", String(number), { body: first });
  const app = runner();
  await isStopped(number, "body", 0);
  await app.stop();
});

test("the prompt has the edits before the label, and those after it by accounts that can write to the repository", async () => {
  const { number, body, prompt } = open();
  await asStranger("PATCH", String(number), { title: "A longer title", body: body("With details.") });
  world.github.advanceClock(2000);
  label(number);
  world.github.advanceClock(2000);
  world.github.editIssue({ repo: REPO, number, actor: OWNER, body: body("Only on Sundays.") });
  const app = runner();
  await world.waitForState(number, "pr");
  expect(await prompt()).toContain("Only on Sundays.");
  expect(await prompt()).toContain("A longer title");
  expect(pullsOf(number)).toMatchObject([{ title: "A longer title" }]);
  expect(pullsOf(number)[0]?.body).not.toContain("edit history");
  await app.stop();
});

test("an edit while the agent works: nothing is published, the work is kept, and a new label starts a new run", async () => {
  const { number, body, prompt } = open([world.gate("edited")]);
  const app = await inattentiveRunner();
  label(number);
  await agentWorksOn(number);
  await asStranger("PATCH", String(number), { body: body(ATTACK) });
  await world.openGate("edited");
  await isStopped(number, "body", 1);
  expect(await prompt()).not.toContain(ATTACK);
  expect(world.github.pushes.filter(({ ref }) => ref.includes(`gh-${number}`))).toEqual([]);
  world.github.advanceClock(2000);
  label(number);
  await world.waitForNthState(number, "pr", 1);
  expect(await world.agentStarts(number)).toHaveLength(2);
  expect(await prompt()).toContain(ATTACK);
  await app.stop();
});

test("an edit while the agent works ends the agent, and its work so far stays in its workspace", async () => {
  const { number } = open([{ append: "half.txt", text: "half" }, world.gate("never opened")]);
  const app = runner();
  label(number);
  await agentWorksOn(number);
  await asStranger("PATCH", String(number), { title: ATTACK });
  await isStopped(number, "title", 1);
  const headSha = (await world.store.read(world.jobId(number))).branch.head;
  expect(headSha).toMatch(/^[0-9a-f]{40}$/);
  expect(world.github.pushes.filter(({ ref }) => ref.includes(`gh-${number}`))).toEqual([]);
  await app.stop();
});

test("an edit while the agent works stops nothing if a trusted account makes it or adds the label again, and tac8 asks about it once", async () => {
  const [one, two] = [open([world.gate("both")]), open([world.gate("both")])];
  const app = runner();
  for (const { number } of [one, two]) label(number);
  for (const { number } of [one, two]) await agentWorksOn(number);
  const asked = () => world.github.requests.filter(({ path }) => path === "/graphql").length;
  const before = asked();
  const at = { repo: REPO, number: one.number };
  world.github.editIssue({ ...at, actor: "stranger", title: "Better" });
  world.github.advanceClock(2000);
  world.github.removeLabel({ ...at, actor: OWNER, label: LABEL });
  label(one.number);
  world.github.editIssue({ repo: REPO, number: two.number, actor: OWNER, title: "Best" });
  const reads = ({ number }: Reported) =>
    world.github.requests.filter(({ method, path }) => `${method} ${path}` === `GET /repos/${REPO}/issues/${number}`)
      .length;
  const seen = [one, two].map(reads);
  await world.github.waitFor(() => [one, two].every((each, index) => reads(each) >= (seen[index] ?? 0) + 4));
  await world.openGate("both");
  for (const { number } of [one, two]) await world.waitForState(number, "pr");
  expect([one, two].map(({ number }) => pullsOf(number)[0]?.title)).toEqual(["Better", "Best"]);
  expect(asked() - before).toBe(2);
  await app.stop();
});

test("comments of other accounts are left out and stop nothing; the author's comments count as they were when the label was added", async () => {
  const { number, prompt } = open();
  const { github } = world;
  const other = github.addUser({ login: "passer-by" });
  await asStranger("POST", `${number}/comments`, { body: "It happens on Mondays." });
  await asStranger("POST", `${number}/comments`, { body: "changed later" });
  const changed = github.comments(REPO, number).at(-1)?.id;
  await asStranger("POST", `${number}/comments`, { body: `${ATTACK} 1` }, other);
  github.advanceClock(2000);
  label(number);
  github.advanceClock(2000);
  await asStranger("PATCH", `comments/${changed}`, { body: `${ATTACK} 2` });
  await asStranger("POST", `${number}/comments`, { body: `${ATTACK} 3` });
  await asStranger("POST", `${number}/comments`, { body: `${ATTACK} 4` }, other);
  github.comment({ repo: REPO, number, actor: OWNER, body: "Keep it small." });
  const app = runner();
  await world.waitForState(number, "pr");
  const text = await prompt();
  expect(text).not.toContain(ATTACK);
  expect(text).toContain("(comments left out because of who wrote or changed them: 4)");
  expect(text).toContain("It happens on Mondays.");
  expect(text).toContain("Keep it small.");
  await app.stop();
});

test("if GitHub refuses to list the edits, the text at the first reading counts, and the pull request says so", async () => {
  const errors = [{ type: "FORBIDDEN", message: "Resource not accessible by personal access token" }];
  const fault = world.github.fault({ ...GRAPHQL, times: 1000, do: { status: 200, body: { data: null, errors } } });
  const app = runner();
  const [kept, changed] = [open(), open([world.gate("pinned")])];
  for (const { number } of [kept, changed]) label(number);
  await world.waitForState(kept.number, "pr");
  expect(pullsOf(kept.number)[0]?.body).toContain(
    "tac8 could not read the edit history of the issue. The agent worked with the text that the issue had when the run started",
  );
  expect(pullsOf(kept.number)[0]?.body).toContain("Resource not accessible by personal access token");
  await agentWorksOn(changed.number);
  await asStranger("PATCH", String(changed.number), { body: changed.body(ATTACK) });
  await world.openGate("pinned");
  await world.waitForState(changed.number, "failed");
  expect(comments(changed.number)).toEqual([
    expect.stringContaining("GitHub does not report which account made the change"),
  ]);
  expect(pullsOf(changed.number)).toEqual([]);
  expect(fault.hits).toBeGreaterThan(1);
  fault.remove();
  await app.stop();
});

test("a run waits for the end of a short outage of GraphQL; after a long outage, the text at the first reading counts", async () => {
  const app = runner();
  const short = world.github.fault({ ...GRAPHQL, times: 2, do: { status: 502 } });
  const one = open();
  label(one.number);
  await world.waitForState(one.number, "pr");
  expect(short.hits).toBe(2);
  expect(pullsOf(one.number)[0]?.body).not.toContain("edit history");
  const long = world.github.fault({ ...GRAPHQL, times: 1000, do: { status: 502 } });
  const two = open();
  label(two.number);
  await world.waitForState(two.number, "pr");
  expect((await world.history(two.number)).filter(({ to }) => to === "parked")).toHaveLength(2);
  expect(pullsOf(two.number)[0]?.body).toContain("edit history");
  long.remove();
  await app.stop();
});

test("with comments = all, the comments that other accounts wrote before the label reach the agent", async () => {
  const everybody = await createWorld({
    config: { github: { repo_owner: OWNER, repo_name: "widgets", comments: "all", write_interval_ms: 0 } },
  });
  try {
    const secret = everybody.github.addUser({ login: "passer-by" });
    const { number, prompt } = open([], everybody);
    await asStranger("POST", `${number}/comments`, { body: `${ATTACK} before` }, secret, everybody);
    everybody.github.advanceClock(2000);
    label(number, everybody);
    await asStranger("POST", `${number}/comments`, { body: `${ATTACK} after` }, secret, everybody);
    everybody.startApp("scheduler");
    everybody.startApp("runner");
    await everybody.waitForState(number, "pr");
    expect(await prompt()).toContain(`${ATTACK} before`);
    expect(await prompt()).not.toContain(`${ATTACK} after`);
  } finally {
    await everybody.close();
  }
});
