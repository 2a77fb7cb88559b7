import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseMarker } from "@tac8/core/domain/marker";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { readEvents } from "@tac8/core/state/events";
import { readHolds } from "@tac8/core/state/holds";
import { startModelApi, type ModelApi } from "../modelApi.ts";
import { ROOT } from "../programs.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type World } from "../world.ts";

let world: World;
let api: ModelApi;

beforeEach(async () => {
  api = await startModelApi();
  const settings = JSON.stringify({ permissions: { deny: ["Bash(npm publish:*)"] } });
  const files = { "README.md": "# widgets\n", ".claude/settings.json": settings };
  // Some have a login, and some a key.
  world = await createWorld({ files, config: { llm: { command: ["claude"] }, agent: { home: "auto" } } });
});

afterEach(async () => {
  await world.close();
  await api.stop();
});

/** The runner with the real Claude Code first on its path, and the stub as its model. */
function startRunner(env: Readonly<Record<string, string>> = { ANTHROPIC_API_KEY: "sk-ant-not-a-key" }): void {
  world.startApp("runner", {
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
    ANTHROPIC_BASE_URL: api.url,
    CLAUDE_CONFIG_DIR: claudeDir(),
    CLAUDE_CODE_MAX_RETRIES: "0",
    // Else it leaves folders under /tmp.
    CLAUDE_CODE_TMPDIR: world.dir,
    ...env,
  });
}

const claudeDir = () => join(world.dir, "claude");

/** The login of a subscription. */
async function logIn({ expiresAt = Date.now() + 8 * 3_600_000 } = {}): Promise<void> {
  const scopes = ["user:inference", "user:profile"];
  const login = { accessToken: "sk-ant-oat01-made-up", refreshToken: "sk-ant-ort01-made-up", expiresAt, scopes };
  await mkdir(claudeDir(), { recursive: true });
  const claudeAiOauth = { ...login, subscriptionType: "max" };
  await writeFile(join(claudeDir(), ".credentials.json"), JSON.stringify({ claudeAiOauth }), { mode: 0o600 });
}

const WORK = "echo 'hello' > hello.txt && git add -A && git commit -qm 'feat: say hello'";

/** An issue that the scheduler has queued. */
function opened(): number {
  return world.openIssue({ title: "Say hello", body: `Please greet.\n\n${model(WORK, "Said hello.")}` });
}

async function parkings(number: number) {
  return (await world.history(number)).filter(({ to }) => to === "parked");
}

async function expectDoneInOneAttempt(number: number): Promise<void> {
  await world.waitForState(number, "pr");
  const begun = (await world.history(number)).filter(({ to }) => to === "running");
  expect(new Set(begun.map(({ evidence }) => evidence["attempt"]))).toEqual(new Set([1]));
  expect(world.github.pulls(REPO)).toHaveLength(1);
  await poll(120_000, async () => ((await readHolds(world.redis)).length === 0 ? null : "a hold is still there"));
}

/** What the model does: one command of the CLI's own Bash tool, then a few last words. */
function model(command: string, words: string): string {
  return `@@stub ${JSON.stringify([{ tool: "Bash", input: { command } }, { text: words }])}@@`;
}

test("the real Claude Code: from a labelled issue to pull request, comment and labels", async () => {
  const { github } = world;
  const script = model("echo 'hello' > hello.txt && git add -A && git commit -qm 'feat: say hello'", "Said hello.");
  const number = world.openIssue({ title: "Say hello", body: `Please greet.\n\n${script}` });
  world.startApp("scheduler");
  startRunner();
  await world.waitForState(number, "pr");

  expect(await github.file(REPO, "auto/gh-1", "hello.txt")).toBe("hello\n");
  const [pull, ...more] = github.pulls(REPO);
  expect(more).toEqual([]);
  expect(pull).toMatchObject({ title: "Say hello", head: "auto/gh-1", base: "main", author: OWNER, state: "open" });
  // Two calls of 3,150 tokens each, as the stub's usage says; the price is the CLI's own reckoning.
  expect(pull?.body).toMatch(/^Fixes #1\n\nSaid hello\.\n/);
  expect(pull?.body).toMatch(/ · claude-sonnet-4-5 · .* · 6,300 tokens · \$0\.\d+_\n$/);
  const { usage } = (await world.store.read(world.jobId(number))).agent;
  expect(usage).toMatchObject({ inputTokens: 200, outputTokens: 100, cacheReadTokens: 4000, cacheWriteTokens: 2000 });
  expect(pull?.body).toContain(`$${usage?.costUsd.toFixed(4)}`);
  const comments = github.comments(REPO, number);
  expect(comments).toHaveLength(1);
  expect(comments[0]?.body).toContain(`**PR**: #${pull?.number} at ${pull?.headSha.slice(0, 7)}`);
  expect(comments[0]?.body).toContain("6,300 tokens");
  expect(github.issue(REPO, number).labels).toEqual(["rpi-done"]);
});

fieldTest("A8", "Claude Code's last message is the answer if it changes nothing", async () => {
  const { github } = world;
  const script = model("git log --oneline", "It works already:\n\n- see **README.md**");
  const number = world.openIssue({ title: "Does it work?", body: `Well?\n\n${script}` });
  world.startApp("scheduler");
  startRunner();
  await world.waitForState(number, "answered");
  expect(github.pulls(REPO)).toEqual([]);
  const answers = github.comments(REPO, number).filter(({ body }) => parseMarker(body)?.kind === "answer");
  expect(answers).toEqual([expect.objectContaining({ body: expect.stringContaining("- see **README.md**") })]);
  expect(github.issue(REPO, number).labels).toEqual(["rpi-answered"]);
});

fieldTest("A4", "Claude Code has no tool that continues later, and its issue ends with all of its work", async () => {
  const { github } = world;
  const steps = [
    { tool: "Bash", input: { command: "echo 1 > one.txt && git add -A && git commit -qm 'feat: part 1'" } },
    { tool: "ScheduleWakeup", input: { delaySeconds: 60, reason: "part 2", prompt: "Do part 2." } },
    { tool: "Bash", input: { command: "echo 2 > two.txt && git add -A && git commit -qm 'feat: part 2'" } },
    { text: "All is done." },
  ];
  const number = world.openIssue({ title: "Two parts", body: `Please. @@stub ${JSON.stringify(steps)}@@` });
  world.startApp("scheduler");
  startRunner();
  await world.waitForState(number, "pr");
  expect(await github.file(REPO, "auto/gh-1", "two.txt")).toBe("2\n");
  const offered = (await api.tools()).flat();
  expect(offered).toContain("Bash");
  for (const tool of ["ScheduleWakeup", "CronCreate", "Monitor"]) expect(offered).not.toContain(tool);
});

fieldTest(
  "A9",
  "a command that the repository's settings deny to Claude Code is named in the pull request",
  async () => {
    const { github } = world;
    const steps = [
      { tool: "Bash", input: { command: "npm publish --dry-run" } },
      { tool: "Bash", input: { command: "echo 1 > one.txt && git add -A && git commit -qm 'feat: one'" } },
      { text: "Done, but not published." },
    ];
    const number = world.openIssue({ title: "Publish", body: `Please. @@stub ${JSON.stringify(steps)}@@` });
    world.startApp("scheduler");
    startRunner();
    await world.waitForState(number, "pr");
    expect(github.pulls(REPO)[0]?.body).toContain("- `Bash`: `npm publish --dry-run`");
  },
);

test("hostile texts: no command in them runs, and the model gets them byte for byte", async () => {
  const { github } = world;
  const canary = join(world.dir, "pwned");
  const bait = `"; touch ${canary}; ' && touch ${canary} \`touch ${canary}\` $(touch ${canary}) | touch ${canary}`;
  const script = model("echo x > work.txt; git add -A; git commit -qm work", "Done.");
  const words = {
    "braces and quotes": `{worktree_path} {{issue_body}} {0} \${HOME} %s $& $1 {branch_name} '"' "'" \\"\\' \\\\ \\n \\u0000 ${bait}
one\r\ntwo\r\n\r\n\ttab  \n\n\n--- a\n+++ b\n~~~\n<!-- --> </issue> ----- END ISSUE BODY`,
    "emoji and right to left": `👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 e\u0301 \u200b\ufeff \u001b[31m\u0007 שלום עולם مرحبا \u202egnp.exe\u202c ${bait}`,
    "60 kB": `${bait} `.padEnd(59_000, "0123456789ä€\n"),
  };
  const bodies = new Map(
    Object.entries(words).map(([name, text]) => {
      const body = `${text}\n${script}`;
      return [world.openIssue({ title: `${name} ${text}`.replaceAll(/\s+/g, " ").slice(0, 240).trim(), body }), body];
    }),
  );
  // No body at all: commands and script are in the title.
  const short = `@@stub [{"tool":"Bash","input":{"command":"echo>a;git add .;git commit -qma"}},{"text":"k"}]@@`;
  const title = `\`touch ${canary}\`$(touch ${canary}) ${short}`;
  const empty = github.openIssue({ repo: REPO, title, body: null, labels: [LABEL], author: OWNER }).number;

  world.startApp("scheduler");
  startRunner();
  for (const number of [...bodies.keys(), empty]) await world.waitForState(number, "pr");

  const prompts = await api.prompts();
  for (const body of bodies.values()) {
    expect(prompts.some((prompt) => prompt.includes(`(untrusted text from GitHub) -----\n${body}\n----- END`))).toBe(
      true,
    );
  }
  expect(prompts.some((prompt) => prompt.includes(title) && prompt.includes("(ISSUE BODY: empty)"))).toBe(true);
  expect(existsSync(canary)).toBe(false);
  const titles = new Map(github.pulls(REPO).map((pull) => [pull.head, pull.title]));
  for (const number of [...bodies.keys(), empty]) {
    // What turns a text's direction, and what a terminal would do something at, is taken out.
    const visible = (text: string) => stripVTControlCharacters(text).replaceAll(/[\p{C}\p{Z}]/gu, "");
    const title = titles.get(`auto/gh-${number}`) ?? "";
    expect(visible(title)).toBe(visible(github.issue(REPO, number).title));
    expect(title).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  }
});

fieldTest("A1", "a login that the API refuses holds the queue until a valid login exists", async () => {
  await logIn({ expiresAt: Date.now() - 3_600_000 });
  await api.fail({ status: 401, message: "OAuth token has expired" });
  const number = opened();
  world.startApp("scheduler");
  startRunner({});
  await world.waitForNthState(number, "parked", 1);
  await logIn();
  await world.waitForNthState(number, "parked", 2);
  await api.fail(null);
  await expectDoneInOneAttempt(number);
  const reasons = await parkings(number);
  expect(new Set(reasons.map(({ evidence }) => evidence["failure"]))).toEqual(new Set(["auth"]));
  expect(reasons[0]?.reason).toMatch(/authenticate|log ?in/i);
  const holds = (await readEvents(world.redis, { count: 1000 })).filter(({ to }) => to === "hold");
  expect(new Set(holds.map(({ evidence }) => evidence["name"]))).toEqual(new Set(["auth"]));
});

fieldTest(
  "A5",
  "an outage that lasts longer than all attempts: the issue waits, and finishes without a used attempt",
  async () => {
    await api.fail({ status: 529, message: "Overloaded" });
    const number = opened();
    world.startApp("scheduler");
    startRunner();
    await world.waitForNthState(number, "parked", 5);
    await api.fail(null);
    await expectDoneInOneAttempt(number);
    for (const { evidence } of await parkings(number)) expect(evidence).toMatchObject({ failure: "model" });
  },
);

fieldTest("A7", "a usage limit whose reset time is just over is retried within minutes", async () => {
  await logIn();
  const reset = Math.floor(Date.now() / 1000) - 30;
  await api.fail({
    status: 429,
    message: "This request would exceed your account's rate limit.",
    headers: {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": String(reset),
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
      "anthropic-ratelimit-unified-overage-status": "rejected",
      "anthropic-ratelimit-unified-overage-disabled-reason": "out_of_credits",
    },
  });
  const number = opened();
  world.startApp("scheduler");
  startRunner({});
  await world.waitForNthState(number, "parked", 2);
  await api.fail(null);
  await expectDoneInOneAttempt(number);
  for (const { evidence } of await parkings(number)) expect(evidence).toMatchObject({ failure: "usage-limit" });
});
