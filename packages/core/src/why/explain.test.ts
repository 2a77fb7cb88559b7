import { expect, it } from "vitest";
import { CLOSED } from "../domain/breaker.ts";
import type { Hold } from "../domain/holds.ts";
import type { Issue, IssueEvent } from "../github/types.ts";
import type { FormerName, LoggedEvent } from "../domain/events.ts";
import type { FormerEvent } from "../domain/formerEvents.ts";
import { logged } from "../testing/formerEvents.fixture.ts";
import { applyPatch, parseIssueState, type IssuePatch, type IssueRecord } from "../state/issueState.ts";
import type { RunnerPresence } from "../state/presence.ts";
import { explain } from "./explain.ts";
import type { GitHubFacts, JobFacts, WhyFacts } from "./facts.ts";

const [s, min, h] = [1000, 60_000, 3_600_000];
/** 14:00 here. */
const now = new Date(2026, 10, 25, 14, 0, 0).getTime();
const iso = (ago: number) => new Date(now - ago).toISOString();

const runner = (name: string, change: Partial<RunnerPresence> = {}): RunnerPresence => ({
  name,
  at: now - s,
  host: name.split("/", 1)[0] ?? "",
  pid: 1,
  slots: 2,
  busy: 0,
  ...change,
});
const job = (change: Partial<JobFacts> = {}): JobFacts => ({
  state: "prioritized",
  title: "Make it better",
  url: "https://github.com/octo/hello/issues/471",
  ahead: 0,
  priority: 6,
  until: null,
  attemptsMade: 0,
  maxAttempts: 3,
  lockMs: null,
  ...change,
});
const fields = (change: IssuePatch): IssueRecord => applyPatch(parseIssueState({}), change);
const queued = fields({ state: "queued", since: iso(5 * min) });
const hold = (name: string, change: Partial<Hold> = {}): Hold => ({
  name,
  reason: "",
  by: "runner pi-2/0",
  since: now - 10 * min,
  until: now + 13 * h,
  ...change,
});
const event = (to: FormerName, change: Partial<FormerEvent> = {}): LoggedEvent =>
  logged({
    id: "1-0",
    at: iso(5 * min),
    issue: "octo.hello.471",
    from: "running",
    to,
    by: "runner pi-1/0",
    reason: "",
    evidence: {},
    ...change,
  });
const onGitHub = (change: Partial<Issue> = {}): Issue => ({
  number: 471,
  title: "Make it better",
  body: "",
  state: "open",
  stateReason: null,
  labels: ["rpi-auto"],
  locked: false,
  commentCount: 0,
  author: "octo",
  createdAt: "",
  updatedAt: "",
  url: "",
  isPull: false,
  ...change,
});
const labelled: IssueEvent = { id: 9, actor: "octo", actorType: "User", at: iso(h) };
const asked = (
  change: Partial<Issue> = {},
  more: Partial<Extract<GitHubFacts, { asked: true }>> = {},
): GitHubFacts => ({
  asked: true,
  issue: { kind: "found", issue: onGitHub(change) },
  label: labelled,
  mayLabel: true,
  ...more,
});

const facts: WhyFacts = {
  now,
  ref: { owner: "octo", repo: "hello", number: 471 },
  record: queued,
  job: job(),
  holds: [],
  queue: { paused: false, active: 0, limit: null },
  breaker: CLOSED,
  runners: [runner("pi-1/0")],
  pauses: new Map(),
  scheduler: { at: now - s, lastPollAt: now - 4 * s, error: null },
  addFrom: 0,
  events: [],
  github: { asked: false, because: "there is no GITHUB_TOKEN here" },
  settings: { label: "rpi-auto", pollSeconds: 30, blockedExpiresMs: 14 * 24 * h },
};
const unseen = { record: fields({}), job: null } satisfies Partial<WhyFacts>;
const withheld = { reason: "The work changes protected files.", canAllow: true, event: 0 };
const ended = (change: IssuePatch) => ({ since: iso(5 * min), ...change });
const full = runner("pi-1/0", { busy: 2 });
const probing = { phase: "probing" as const, after: "0-0", way: "agent: #", times: 1, concurrency: null, older: [] };
const delayed = (in_: number) => job({ state: "delayed", ahead: null, until: now + in_, attemptsMade: 1 });
const running = fields({ state: "running", since: iso(12 * min), "run.runner": "pi-1/1", "run.id": "3f2c9a7e-1" });
const active = job({ state: "active", ahead: null, lockMs: 85 * s });
const atWork = runner("pi-1/0", {
  busy: 1,
  runs: [
    {
      issue: "octo.hello.471",
      title: "",
      run: "3f2c9a7e-1",
      slot: "pi-1/1",
      phase: "work",
      since: now - 12 * min,
      last: { at: now - 5 * s, kind: "tool", text: "Bash: npm \u001b[31mtest" },
      tokens: 12_345,
      costUsd: 0.42,
    },
  ],
});
const asks = fields({
  state: "blocked",
  since: iso(26 * h),
  "question.text": "Red or\ngreen?",
  "question.commentId": 5,
});

const CASES: readonly (readonly [
  what: string,
  change: Partial<WhyFacts>,
  state: string,
  decides: readonly string[],
  answer: string,
])[] = [
  ["free to go", {}, "queued", [], "Nothing blocks it: a runner starts it within seconds."],
  [
    "behind others",
    { job: job({ ahead: 3 }), runners: [full] },
    "queued",
    ["runners", "position"],
    "It is waiting for a free slot: all 2 slots are busy. 3 issues are ahead of it.",
  ],
  [
    "behind more than are free",
    { job: job({ ahead: 3 }), runners: [runner("pi-1/0", { busy: 1 })] },
    "queued",
    ["position"],
    "3 issues are ahead of it.",
  ],
  [
    "in a place nobody counts",
    { job: job({ ahead: null }), runners: [full] },
    "queued",
    ["runners", "position"],
    "It is waiting for a free slot: all 2 slots are busy. Many issues are ahead of it.",
  ],
  [
    "without a runner",
    { runners: [runner("pi-2/0", { at: now - 3 * h })] },
    "queued",
    ["runners"],
    "No runner is running: pi-2/0 sent its last heartbeat 3 h ago. Start one.",
  ],
  ["without any runner ever", { runners: [] }, "queued", ["runners"], "No runner is running. Start one."],
  [
    "while paused by an operator",
    {
      queue: { paused: true, active: 0, limit: null },
      holds: [hold("operator", { by: "ann@pi", reason: "lunch", until: null })],
    },
    "queued",
    ["hold"],
    "Paused by ann@pi: lunch. To continue: tac8 resume.",
  ],
  [
    "in a usage limit",
    { holds: [hold("usage-limit", { reason: "limit reached", run: "3f2c9a7e-1" })] },
    "queued",
    ["hold"],
    `The agent's usage limit is reached until tomorrow 03:00: limit reached. Work continues automatically when the limit is reset. To use another account or key, set it and restart the runner: the runner tries it immediately. To try now: tac8 resume usage-limit.`,
  ],
  [
    "while the login is refused",
    { holds: [hold("auth", { until: now + 15 * min, reason: "401" })] },
    "queued",
    ["hold"],
    "The model's provider rejects the agent's login until 14:15: 401. Sign the agent in again, or set a valid ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN and restart the runner: the runner tries a new login immediately. To try now: tac8 resume auth.",
  ],
  [
    "while its repository is held",
    { job: delayed(15 * min), holds: [hold("repo:octo/hello", { until: now + 16 * min, reason: "403" })] },
    "parked",
    ["hold", "time"],
    "octo/hello is held until 14:16: 403. The reason describes what to change. Finished work is then published without another run. After replacing the GitHub token, restart the runner: the runner tries it immediately. To try now: tac8 resume repo:octo/hello.",
  ],
  [
    "while two hold",
    { holds: [hold("auth"), hold("operator", { until: null })] },
    "queued",
    ["hold", "hold"],
    "Paused by runner pi-2/0. To continue: tac8 resume.",
  ],
  [
    "held for another reason",
    { holds: [hold("health", { reason: "disk" })] },
    "queued",
    ["hold"],
    `A health check holds the queue until tomorrow 03:00: disk. Work continues automatically when the problem is fixed: see tac8 status. To try now: tac8 resume health.`,
  ],
  [
    "while the queue is paused without a hold",
    { queue: { paused: true, active: 0, limit: null } },
    "queued",
    ["queue"],
    "The queue is paused without a hold: the scheduler resumes it within seconds when it is running. See tac8 status.",
  ],
  [
    "while the breaker is open",
    {
      breaker: { ...probing, phase: "open" },
      holds: [
        hold("breaker", {
          by: "scheduler",
          until: now + 5 * min,
          reason: "the last 5 runs all failed in the same way: exit 1",
        }),
      ],
    },
    "queued",
    ["hold"],
    "The breaker is open until 14:05: the last 5 runs all failed in the same way: exit 1. When the hold ends, one job starts as a probe, to check whether runs succeed again. To try now: tac8 resume breaker.",
  ],
  [
    "while the breaker probes",
    { breaker: probing, queue: { paused: false, active: 1, limit: 1 } },
    "queued",
    ["breaker"],
    "The breaker allows 1 at a time as a probe, and 1 is running. When it succeeds, all continue.",
  ],
  [
    "while every host is overloaded",
    { runners: [runner("pi-1/0", { tired: "78 °C" })] },
    "queued",
    ["runners"],
    "The only runner accepts no new jobs: pi-1/0 is closed: 78 °C.",
  ],
  [
    "while its runner is paused",
    { pauses: new Map([["pi-1/0", { by: "ann@pi", reason: "update", since: now - h }]]) },
    "queued",
    ["runners"],
    "The only runner accepts no new jobs: pi-1/0 is closed: paused by ann@pi: update since 13:00.",
  ],
  [
    "of two runners, one overloaded, one full",
    { runners: [full, runner("pi-2/0", { tired: "78 °C" })] },
    "queued",
    ["runners"],
    "It is waiting for a free slot: all 2 slots are busy. It is next.",
  ],
  [
    "closed meanwhile",
    { github: asked({ state: "closed" }) },
    "queued",
    ["issue"],
    "It is closed on GitHub. The scheduler removes it from the queue with its next poll.",
  ],
  [
    "with a stop command",
    { record: applyPatch(queued, { "command.stop": "stopped by ann@pi" }) },
    "queued",
    ["stop"],
    "It is being stopped by ann@pi.",
  ],
  [
    "at work",
    { record: running, job: active, runners: [atWork] },
    "running",
    ["run"],
    "Running on pi-1/1 since 13:48 (12 min). Last action 5 s ago: Bash: npm test.",
  ],
  ["just taken", { record: queued, job: active }, "running", ["run"], "A runner has just started it."],
  [
    "at work, with a cancel command",
    {
      record: applyPatch(running, { "command.cancel": "the issue was closed by ann" }),
      job: active,
      runners: [atWork],
    },
    "running",
    ["cancel", "run"],
    "It is being cancelled: the issue was closed by ann.",
  ],
  [
    "lost with its runner",
    {
      record: applyPatch(running, { "counts.lost": 1 }),
      job: active,
      runners: [runner("pi-1/0", { at: now - 40 * s })],
    },
    "running",
    ["run"],
    "Its runner pi-1/1 sent its last heartbeat 40 s ago. Another runner starts it when its lock expires, in 1 min at most.",
  ],
  [
    "lost, its lock over",
    { record: running, job: { ...active, lockMs: null }, runners: [] },
    "running",
    ["run"],
    "Its runner pi-1/1 is no longer running. Its lock has expired: a runner starts it within seconds, if one is running.",
  ],
  [
    "retrying",
    {
      record: fields({ state: "retrying", since: iso(min) }),
      job: delayed(5 * min),
      events: [event("retrying", { reason: "exit code 1", evidence: { failure: "agent" } })],
    },
    "retrying",
    ["time"],
    "Attempt 1 of 3 failed (agent): exit code 1. Attempt 2 of 3 starts at 14:05, in 5 min.",
  ],
  [
    "retrying, its time over, no runner",
    { record: fields({ state: "retrying", since: iso(h) }), job: delayed(-min), runners: [] },
    "retrying",
    ["runners"],
    "No runner is running. Start one.",
  ],
  [
    "retrying, its time over",
    { record: fields({ state: "retrying", since: iso(h) }), job: delayed(-min) },
    "retrying",
    [],
    "Its delay is over: a runner starts it within seconds.",
  ],
  [
    "parked for GitHub",
    {
      record: fields({ state: "parked", since: iso(min) }),
      job: delayed(2 * min),
      events: [event("parked", { reason: "502", evidence: { failure: "github" } })],
    },
    "parked",
    ["time"],
    "It is waiting for GitHub to be reachable. It is tried again at 14:02, in 2 min, without using an attempt: 502.",
  ],
  [
    "parked for disk",
    {
      record: fields({ state: "parked", since: iso(min) }),
      job: delayed(2 * min),
      events: [event("parked", { reason: "disk full", evidence: { failure: "disk" } })],
    },
    "parked",
    ["time"],
    "It is waiting for free disk space on the runner. It is tried again at 14:02, in 2 min, without using an attempt: disk full.",
  ],
  [
    "parked for a limit that lasts longer",
    {
      record: fields({ state: "parked", since: iso(min) }),
      job: delayed(2 * min),
      events: [event("parked", { reason: "limit", evidence: { failure: "usage-limit" } })],
      holds: [hold("usage-limit")],
    },
    "parked",
    ["time", "hold"],
    "It is waiting for the reset of the agent's usage limit. It is tried again at 14:02, in 2 min, without using an attempt: limit.",
  ],
  [
    "parked for a hold that a user can end",
    {
      record: fields({ state: "parked", since: iso(min), "job.hold": "auth" }),
      job: delayed(2 * min),
      events: [event("parked", { reason: "401", evidence: { failure: "auth" } })],
      holds: [hold("auth", { until: now + 2 * min, reason: "401" })],
    },
    "parked",
    ["time"],
    "It is waiting for a valid login of the agent. It is tried again at 14:02, in 2 min, without using an attempt: 401. Sign the agent in again, or set a valid ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN and restart the runner: the runner tries a new login immediately. To try now: tac8 resume auth.",
  ],
  [
    "put back by its runner",
    { job: delayed(5 * s), record: queued },
    "parked",
    ["time"],
    "Its runner deferred it until 14:00, in 5 s. Then a runner starts it.",
  ],
  [
    "blocked",
    { record: asks, job: delayed(13 * 24 * h) },
    "blocked",
    ["question"],
    `It is blocked by a question since yesterday 12:00: “Red or green?” Reply at https://github.com/octo/hello/issues/471 to continue the work.`,
  ],
  [
    "answered, but held",
    {
      record: applyPatch(asks, { "question.reply": { commentId: 6, author: "octo", text: "Green" } }),
      holds: [hold("operator", { until: null, by: "ann@pi" })],
    },
    "blocked",
    ["hold"],
    "Paused by ann@pi. To continue: tac8 resume.",
  ],
  [
    "answered",
    { record: applyPatch(asks, { "question.reply": { commentId: 6, author: "octo", text: "Green" } }) },
    "blocked",
    [],
    "Its question was answered: a runner starts it within seconds.",
  ],
  [
    "answered, not woken",
    {
      record: applyPatch(asks, { "question.reply": { commentId: 6, author: "octo", text: "Green" } }),
      job: delayed(h),
    },
    "blocked",
    ["wake"],
    "The reply is recorded, and the scheduler has not resumed the job yet. Its next poll does.",
  ],
  [
    "done",
    {
      record: fields(ended({ state: "pr", "pull.number": 480, "pull.url": "https://github.com/octo/hello/pull/480" })),
      job: job({ state: "completed" }),
      events: [event("pr", { evidence: { sinceBegunMs: 12 * min } })],
    },
    "pr",
    ["end"],
    "Done: pull request #480 (https://github.com/octo/hello/pull/480).",
  ],
  [
    "answered",
    {
      record: fields(ended({ state: "answered", "work.summary": "It works.\nSee the tests." })),
      job: job({ state: "completed" }),
      events: [event("answered", { reason: "nothing to change: It works. See the tests." })],
    },
    "answered",
    ["end"],
    "Answered, without changes: It works. See the tests. To start another round, run tac8 retry or add the label again.",
  ],
  [
    "failed",
    {
      record: fields(ended({ state: "failed", "end.failure": "no-changes" })),
      job: job({ state: "failed" }),
      events: [event("failed", { reason: "the agent changed nothing." })],
    },
    "failed",
    ["end"],
    "Failed (no-changes): the agent changed nothing. If there is work to do, describe in the issue what is missing.",
  ],
  [
    "failed before its attempts were used up",
    {
      record: fields(ended({ state: "failed", "end.failure": "no-changes", "counts.noChanges": 2 })),
      job: job({ state: "failed", attemptsMade: 2 }),
      events: [event("failed", { reason: "the agent changed nothing." })],
    },
    "failed",
    ["end"],
    "Failed (no-changes): the agent changed nothing. 2 attempts made no change, so tac8 does not retry it. If there is work to do, describe in the issue what is missing.",
  ],
  [
    "failed, labelled again",
    {
      record: fields(ended({ state: "failed", "end.failure": "lost", "end.reason": "lost", "label.event": 8 })),
      job: job({ state: "failed" }),
      github: asked(),
    },
    "failed",
    ["end", "label"],
    "Failed (lost): lost. Find out why the runner ended: for example, its machine ran out of memory, or a command of the agent (pkill) killed it (see tac8 view).",
  ],
  [
    "stopped",
    {
      record: fields(ended({ state: "stopped", "end.reason": "stopped by ann@pi: too dear" })),
      job: job({ state: "completed" }),
    },
    "stopped",
    ["end"],
    "Stopped by ann@pi: too dear. To try again, run tac8 retry or add the label again.",
  ],
  [
    "cancelled",
    {
      record: fields(ended({ state: "cancelled", "end.reason": "the issue was closed by ann" })),
      job: job({ state: "completed" }),
    },
    "cancelled",
    ["end"],
    "Cancelled: the issue was closed by ann. To try again, reopen it and add the label.",
  ],
  [
    "withdrawn",
    {
      record: fields(ended({ state: "withdrawn" })),
      job: null,
      events: [
        event("withdrawn", {
          from: "queued",
          by: "scheduler",
          reason: "the label was removed by ann",
          evidence: { actor: "ann" },
        }),
      ],
    },
    "withdrawn",
    ["end"],
    "Withdrawn: the label was removed by ann. To try again, add the label again.",
  ],
  [
    "expired",
    { record: fields(ended({ state: "expired" })), job: job({ state: "completed" }) },
    "expired",
    ["end"],
    "Expired: its question got no reply in time. To try again, add the label again.",
  ],
  [
    "expired with withheld work",
    { record: fields(ended({ state: "expired", "work.withheld": withheld })), job: job({ state: "completed" }) },
    "expired",
    ["end"],
    "Expired: its finished work was withheld and not published in time. The work is kept. Add the label again: the work is published if that is allowed by then, otherwise tac8 asks again.",
  ],
  [
    "never seen",
    unseen,
    "unknown",
    [],
    "tac8 does not know this issue: check the number, and that the issue has the label. The next poll then queues it.",
  ],
  [
    "never seen, a wrong number",
    { ...unseen, github: asked({}, { issue: { kind: "missing", status: 404 } }) },
    "unknown",
    ["issue"],
    "GitHub does not find it, or the token cannot read it (404). Check the number.",
  ],
  [
    "never seen, moved",
    { ...unseen, github: asked({}, { issue: { kind: "moved", to: "octo/new#1" } }) },
    "unknown",
    ["issue"],
    "It was transferred to octo/new#1: add the label there.",
  ],
  [
    "never seen, closed",
    { ...unseen, github: asked({ state: "closed", stateReason: "completed" }) },
    "unknown",
    ["issue"],
    "It is closed on GitHub. Reopen it and add the label.",
  ],
  [
    "never seen, a pull request",
    { ...unseen, github: asked({ isPull: true }) },
    "unknown",
    ["issue"],
    "It is a pull request: tac8 works on issues.",
  ],
  [
    "never seen, no label",
    { ...unseen, github: asked({ labels: ["bug"] }) },
    "unknown",
    ["label"],
    "It does not have the label rpi-auto. Add it, and the next poll queues the issue.",
  ],
  [
    "never seen, labelled by a stranger",
    { ...unseen, github: asked({}, { mayLabel: false }) },
    "unknown",
    ["label"],
    "The label rpi-auto was added by an account without write access: octo at 13:00. An account with write access has to add it.",
  ],
  [
    "never seen, all well",
    { ...unseen, github: asked() },
    "unknown",
    ["poll"],
    "It has the label. The scheduler queues it with its next poll, within 30 s.",
  ],
  [
    "never seen, no scheduler",
    { ...unseen, scheduler: null, github: asked() },
    "unknown",
    ["scheduler"],
    "No scheduler is running. Start it.",
  ],
  [
    "never seen, the scheduler in trouble",
    {
      ...unseen,
      scheduler: { at: now, lastPollAt: now - h, error: "octo/hello is now octo/new: change it in the configuration" },
      github: asked(),
    },
    "unknown",
    ["scheduler"],
    "The scheduler last polled GitHub 1 h ago: octo/hello is now octo/new: change it in the configuration.",
  ],
  [
    "never seen, the rate limit used up",
    {
      ...unseen,
      scheduler: { at: now, lastPollAt: now - min, error: null, restUntil: now + 20 * min },
      github: asked(),
    },
    "unknown",
    ["scheduler"],
    "The scheduler last polled GitHub 1 min ago; the rate limit allows the next poll at 14:20.",
  ],
  [
    "never seen, Redis emptied",
    { ...unseen, addFrom: now + 2 * min, github: asked() },
    "unknown",
    ["redis-reset"],
    "Redis was emptied, so the scheduler adds no issue before 14:02. It queues the issue then.",
  ],
  [
    "lost from the queue",
    { record: applyPatch(running, { "agent.runCount": 2 }), job: null },
    "running",
    ["job"],
    "Its job is missing from the queue, but the issue is running after 2 agent runs. The scheduler queues it again with its next poll if it still has the label. Its work so far is kept.",
  ],
  [
    "ended in the queue alone",
    { record: running, job: job({ state: "failed" }) },
    "running",
    ["job"],
    "The state of its job in the queue is failed, but the issue is running. The scheduler queues it again with its next poll if it still has the label. Its work so far is kept.",
  ],
  [
    "lost from the queue, no scheduler",
    { record: running, job: null, scheduler: null },
    "running",
    ["scheduler", "job"],
    "No scheduler is running. Start it.",
  ],
];

it.each(CASES)("explains one that is %s", (_, change, state, decides, answer) => {
  const found = explain({ ...facts, ...change });
  expect({
    state: found.state,
    decides: found.rules.filter(({ holds }) => holds).map(({ rule }) => rule),
    answer: found.answer,
  }).toEqual({
    state,
    decides,
    answer,
  });
  const firstClear = found.rules.findIndex(({ holds }) => !holds);
  expect(found.rules.slice(firstClear < 0 ? found.rules.length : firstClear).some(({ holds }) => holds)).toBe(false);
});

it("counts attempts and agent runs as tac8 list and tac8 view do", () => {
  const textsOf = (change: Partial<WhyFacts>) =>
    explain({ ...facts, ...change }).rules.flatMap(({ rule, text }) =>
      rule === "attempts" || rule === "agents" ? [text] : [],
    );
  const run = { run: "r", runner: "pi/0", at: new Date(now).toISOString(), session: "s" };
  const second = { "agent.runCount": 1, "agent.runs": [1, 2].map((n) => ({ ...run, n })), "agent.usage": null };
  expect(
    textsOf({
      record: fields({ state: "blocked", "question.commentId": 7, ...second }),
      job: job({ state: "delayed", ahead: null }),
    }),
  ).toEqual(["attempt 1 of 3", "2 agent runs so far"]);
  expect(
    textsOf({ record: fields({ state: "pr", ...second }), job: job({ state: "completed", attemptsMade: 1 }) }),
  ).toEqual(["1 of 3 attempts used", "2 agent runs so far"]);
});

it("withheld work is no question of an agent", () => {
  const record = applyPatch(asks, { "question.text": withheld.reason, "work.withheld": withheld });
  const { answer, rules } = explain({ ...facts, record, job: delayed(12 * 24 * h) });
  expect(answer).toMatch(/^Its finished work is withheld since .* The comment at https:/);
  expect(rules[0]?.text).toMatch(/^withheld work that needs a decision/);
});
