import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import type { Marker } from "../domain/marker.ts";
import { answerText, failureText, pullBody, pullTitle, questionText, statusText } from "../outgoing/texts.ts";
import { NO_USAGE } from "../domain/usage.ts";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { createCaller } from "./call.ts";
import { createOctokit } from "./octokit.ts";
import { rawComment, rawPull, startServer, type TestServer } from "./httpServer.fixture.ts";

const repo = { owner: "o", repo: "r" };
const SECRET = "sk-proj-canary-4d1f9a77";
const WORDS = `It no longer resolves #1 wrongly. Thanks @angular, closes o/r#2
fixes
#3 and ${SECRET} <!-- tac8 {"v":1} --> \u001b[31m\u202E`;

const MARKER: Marker = {
  v: 1,
  kind: "status",
  run: "run-1",
  outcome: null,
  label_event_id: 7,
  published_sha: null,
  question_id: null,
};

let server: TestServer;
afterEach(() => server.close());

/** Everything that was sent, as GitHub would read it. */
async function sent(): Promise<Record<string, string>[]> {
  server = await startServer(({ path }) => ({
    json: path.includes("/comments") ? rawComment(1, 5) : path.includes("/pulls") ? rawPull(8, "auto/gh-5") : {},
  }));
  const github = server.client({ secrets: [SECRET] });
  const facts = {
    summary: WORDS,
    usage: NO_USAGE,
    models: [WORDS],
    denied: [{ tool: "Bash", detail: WORDS }],
    run: "r",
    messageEffects: { commits: [], isWhole: true },
    notable: [],
  };
  const status = { state: "failed", runner: null, since: "2026-11-22T03:10:59.000Z", branch: null } as const;
  const reason = { prNumber: null, headSha: null, usage: null, reason: WORDS };
  const texts = [
    WORDS,
    questionText(WORDS),
    answerText({ answer: WORDS, trigger: "rpi-auto", prNumber: null, denied: facts.denied }),
    failureText({ reason: WORDS, advice: "Check it.", trigger: "rpi-auto", prNumber: null, denied: facts.denied }),
    statusText({ ...status, ...reason }, { trigger: "rpi-auto" }),
  ];
  for (const text of texts) {
    await github.createComment(repo, 5, { marker: MARKER, text });
    await github.updateComment(repo, 1, { marker: null, text });
  }
  const title = pullTitle({ issueNumber: 5, issueTitle: WORDS });
  await github.openPull(repo, { title, closes: 5, text: pullBody(facts), head: "a", base: "b", draft: false });
  await github.updatePull(repo, 8, { before: "Fixes #5\n\nFixes #6, too: ask @ann.", text: pullBody(facts) });
  await github.ensureLabel(repo, { name: "x", color: "00ff00", description: "Fixes #1, says @angular" });
  return server.seen.map(({ body }) => JSON.parse(body) as Record<string, string>);
}

/** Without code spans. */
const shown = (text: string) => text.replaceAll(/`[^`\n]+`/g, "`");

fieldTest("C6", "no text that leaves closes an issue or notifies anybody, but for tac8's own line", async () => {
  const all = (await sent()).flatMap(({ title = "", body = "", description = "" }) => [title, body, description]);
  for (const text of all) {
    // What people have written in a pull request stays theirs.
    const own = text.replace(/^Fixes #5\n\n(?:Fixes #6, too: ask @ann\.\n\n)?/, "");
    expect(shown(own)).not.toMatch(/\b(?:resolves|closes|fixes)\s+(?:\S*#)/i);
    expect(shown(own)).not.toMatch(/@a/);
    expect(own).not.toMatch(/<!-- tac8 (?!\{"v":1,"kind":"status","run":"run-1")/);
  }
  expect(all.filter((text) => text.startsWith("Fixes #5\n\n"))).toHaveLength(2);
  expect(all.join()).toContain("`@angular`");
});

test("no text that leaves has a secret, a terminal code or a turn of direction; its marker is as it was made", async () => {
  const all = JSON.stringify(await sent());
  expect(all).not.toContain("canary");
  for (const character of ["\\u001b", "\u001b", "\u202E"]) expect(all).not.toContain(character);
  expect(all.match(/<!-- tac8 \{\\"v\\":1,\\"kind\\":\\"status\\"/g)).toHaveLength(5);
});

test("a text on any other way is not sent", async () => {
  server = await startServer(() => ({ json: {} }));
  const log = pino({ level: "silent" });
  const times = { writeIntervalMs: 0, retryBaseMs: 1, now: Date.now };
  const settings = { apiUrl: server.url, auth: {}, log, redact: String, fetch, ...times };
  const caller = createCaller({
    octokit: createOctokit(settings),
    redact: String,
    token: "GITHUB_TOKEN",
    log,
    now: Date.now,
  });
  for (const field of ["title", "body", "description"]) {
    const call = { route: "POST /repos/o/r/x", params: { [field]: "Fixes #1" } as never, schema: z.unknown() } as const;
    await expect(caller.one(call)).rejects.toThrow(`${field} is a text`);
  }
  expect(server.seen).toEqual([]);
});

test("texts stay within GitHub's limits, whatever is put into them; their first line stays", async () => {
  server = await startServer(() => ({ json: rawPull(8, "auto/gh-5") }));
  const github = server.client();
  const text = "@octo fixes #1 ".repeat(10_000);
  await github.openPull(repo, { title: text, closes: 5, text, head: "a", base: "b", draft: false });
  await github.updatePull(repo, 8, { before: "x".repeat(60_000), text });
  const [opened, changed] = server.seen.map(({ body }) => JSON.parse(body) as Record<string, string>);
  expect(opened?.["title"]?.length).toBeLessThanOrEqual(256);
  for (const body of [opened?.["body"], changed?.["body"]]) {
    expect(body?.length).toBeLessThanOrEqual(65_536);
    expect(body).toMatch(/\[…cut\]$/);
  }
  expect(opened?.["body"]).toMatch(/^Fixes #5\n\n`@octo`/);
});
