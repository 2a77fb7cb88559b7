import { expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import type { LoggedEvent } from "@tac8/core/domain/events";
import type { FormerEvent } from "@tac8/core/domain/formerEvents";
import { logged } from "@tac8/core/testing/formerEvents.fixture";
import { QUIET_MS, holdMessages, type HoldMemory } from "./holds.ts";
import { messagesFor, type IssueFacts, type MessagesInput } from "./messages.ts";
import { classifyResponse, classifyError } from "@tac8/core/notify/send";
import { dueDay, summaryMessage } from "./summary.ts";
import { targetsOf } from "@tac8/core/notify/targets";
import { waitAfter } from "./deliver.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const MIN = 60_000;
const WANTED = {
  blocked: true,
  failed: true,
  holds: true,
  answered: true,
  pull_requests: false,
  daily_summary: true,
  daily_summary_at: "08:00",
};
const FACTS: IssueFacts = {
  reference: "octo/hello#3",
  title: "Greet",
  url: "https://github.com/octo/hello/issues/3",
  prUrl: "https://github.com/octo/hello/pull/4",
  question: "Which one?",
  answer: "It works already.\nSee the tests.",
};

let serial = 0;
function event(change: Partial<FormerEvent>, minutes = 0): LoggedEvent {
  serial += 1;
  const at = new Date(NOW + minutes * MIN).toISOString();
  return logged({
    id: `${serial}-0`,
    at,
    issue: "octo.hello.3",
    from: "running",
    to: "note",
    by: "runner pi/0",
    reason: "why",
    evidence: {},
    ...change,
  });
}

function notificationsFor(events: LoggedEvent[], change: Partial<MessagesInput> = {}) {
  const input = { events, issues: new Map([["octo.hello.3", FACTS]]), holds: {}, wanted: WANTED, now: NOW };
  return messagesFor({ ...input, redact: (text) => text.replaceAll("hidden", "[redacted]"), ...change }).messages;
}

test("a question, with its text and the page to answer it", () => {
  expect(notificationsFor([event({ to: "blocked", reason: "the agent asks a question" })])).toEqual([
    {
      id: expect.stringMatching(/^blocked:\d+-0$/),
      kind: "blocked",
      at: "2026-11-25T12:00:00.000Z",
      title: "octo/hello#3 is blocked",
      text: "Greet\nWhich one?",
      issue: "octo/hello#3",
      url: FACTS.url,
    },
  ]);
});

test("a failure, and a pull request if the configuration enables that", () => {
  const events = [event({ to: "failed", reason: "timeout" }), event({ to: "pr", reason: "pull request #4" })];
  expect(notificationsFor(events)).toMatchObject([{ kind: "failed", text: "Greet\ntimeout", url: FACTS.url }]);
  expect(notificationsFor(events, { wanted: { ...WANTED, pull_requests: true } })).toMatchObject([
    { kind: "failed" },
    { kind: "pr", url: FACTS.prUrl },
  ]);
});

fieldTest("A8", "an answer, with the agent's text, unless the configuration disables it", () => {
  const events = [event({ to: "answered", reason: "nothing to change: It works" })];
  expect(notificationsFor(events)).toMatchObject([
    {
      kind: "answered",
      title: "octo/hello#3 is answered",
      text: "Greet\nIt works already.\nSee the tests.",
      url: FACTS.url,
    },
  ]);
  expect(notificationsFor(events, { wanted: { ...WANTED, answered: false } })).toEqual([]);
});

test("no notifications that the configuration disables", () => {
  const none = { ...WANTED, blocked: false, failed: false, holds: false };
  const hold = event({ issue: "", from: "", to: "hold", evidence: { name: "auth" } });
  expect(notificationsFor([event({ to: "blocked" }), event({ to: "failed" }), hold], { wanted: none })).toEqual([]);
  // A question that is asked again, events that are not ends, and an event older than a day.
  const others = (["retrying", "running", "note", "agent", "expired", "stopped"] as const).map((to) =>
    event({ to, from: "" }),
  );
  expect(
    notificationsFor([event({ from: "blocked", to: "blocked" }), ...others, event({ to: "failed" }, -24 * 60 - 1)]),
  ).toEqual([]);
});

test("secrets, control codes and length: text from strangers is redacted, cleaned and shortened", () => {
  const [message] = notificationsFor([
    event({ to: "failed", reason: `\u001b[31mhidden\u0000\nline ${"x".repeat(3000)}` }),
  ]);
  expect(message?.text).toMatch(/^Greet\n\[redacted\]\nline x+…$/);
  expect(message?.text).toHaveLength(1500);
});

/** Return the notifications of a hold that starts (+) and ends (-) at these minutes, checked after each event and at the end. */
function holdStory(story: readonly (readonly ["+" | "-", number])[], until: number): string[] {
  let memory: HoldMemory = {};
  const words: string[] = [];
  const plan = (events: LoggedEvent[], minutes: number) => {
    const answer = holdMessages({ events, memory, now: NOW + minutes * MIN });
    memory = answer.memory;
    words.push(...answer.messages.map(({ kind }) => `${kind === "hold-begun" ? "+" : "-"}${minutes}`));
  };
  for (const [what, minutes] of story) {
    const to = what === "+" ? "hold" : "unhold";
    plan([event({ issue: "", from: "", to, evidence: { name: "usage-limit" } }, minutes)], minutes);
  }
  plan([], until);
  return words;
}

const QUIET = QUIET_MS / MIN;
test.each([
  [
    "one pair",
    [
      ["+", 0],
      ["-", 120],
    ],
    121,
    ["+0", "-120"],
  ],
  [
    "a short pair",
    [
      ["+", 0],
      ["-", 1],
    ],
    90,
    ["+0", "-1"],
  ],
  [
    "two far apart",
    [
      ["+", 0],
      ["-", 1],
      ["+", 40],
      ["-", 41],
    ],
    90,
    ["+0", "-1", "+40", "-41"],
  ],
  [
    "flapping",
    [
      ["+", 0],
      ["-", 1],
      ["+", 2],
      ["-", 3],
      ["+", 4],
      ["-", 5],
    ],
    90,
    ["+0", "-1"],
  ],
  [
    "flapping that ends as a hold",
    [
      ["+", 0],
      ["-", 1],
      ["+", 2],
      ["-", 3],
      ["+", 4],
    ],
    QUIET,
    ["+0", "-1", `+${QUIET}`],
  ],
  ["an end without a beginning", [["-", 0]], 90, []],
] as const)("holds: %s", (_, story, until, wanted) => expect(holdStory(story, until)).toEqual(wanted));

test("a hold that starts and ends within one round is reported as a pair, and later forgotten", () => {
  const events = [
    event({ to: "hold", evidence: { name: "auth", until: NOW + MIN }, reason: "401" }),
    event({ to: "unhold", evidence: { name: "auth" } }, 1),
  ];
  const { messages, memory } = holdMessages({ events, memory: {}, now: NOW + MIN });
  expect(messages.map(({ title }) => title)).toEqual(["Hold started: auth", "Hold ended: auth"]);
  expect(messages[0]?.text).toContain("401\nSet by runner pi/0, until 2026-11-25T12:01");
  expect(Object.keys(memory)).toEqual(["auth"]);
  expect(holdMessages({ events: [], memory, now: NOW + QUIET_MS + MIN }).memory).toEqual({});
});

test("the last day whose summary is due", () => {
  const at = (hours: number, minutes = 0) => new Date(2026, 10, 25, hours, minutes).getTime();
  expect(dueDay("08:00", at(7, 59))).toBe("2026-11-23");
  expect(dueDay("08:00", at(8))).toBe("2026-11-24");
  expect(dueDay("23:30", at(23, 29))).toBe("2026-11-23");
});

test("a day in two lines", () => {
  const counts = {
    "outcome|pr": 3,
    "outcome|failed": 1,
    "agents|exited": 5,
    "cost|m": 1_234_567,
    "tokens|m|input": 12_345,
  };
  expect(summaryMessage("2026-11-24", counts, NOW)).toMatchObject({
    id: "summary:2026-11-24",
    title: "tac8 on 2026-11-24",
    text: "3 pull requests, 1 failed.\n5 agent runs, 12,345 tokens, $1.23.",
  });
  expect(summaryMessage("2026-11-24", {}, NOW).text).toBe("No issue was processed.");
});

const ADDRESSES = {
  slackUrl: "https://hooks.slack.com/services/T/B/x",
  ntfyUrl: "https://ntfy.example/base/my-topic",
  ntfyToken: "tk_x",
  webhookUrl: "https://example.com/hook",
};
const MESSAGE = {
  id: "blocked:1-0",
  kind: "blocked" as const,
  at: "2026-11-25T12:00:00.000Z",
  title: "A <b> & c",
  text: "<!channel> ok",
  issue: "octo/hello#3",
  url: "https://github.com/o/r?a=1&b=2",
};

test("each target gets its own format", () => {
  const [slack, ntfy, webhook] = targetsOf(ADDRESSES);
  expect(slack?.body(MESSAGE)).toEqual({
    text: "*A &lt;b&gt; &amp; c*\n&lt;!channel&gt; ok\n<https://github.com/o/r?a=1&amp;b=2>",
  });
  expect(ntfy).toMatchObject({ url: "https://ntfy.example/base", headers: { authorization: "Bearer tk_x" } });
  expect(ntfy?.body(MESSAGE)).toEqual({
    topic: "my-topic",
    title: "A <b> & c",
    message: "<!channel> ok",
    priority: 4,
    tags: ["question"],
    click: MESSAGE.url,
  });
  expect(webhook?.body(MESSAGE)).toEqual({ v: 1, ...MESSAGE });
  expect(targetsOf({ slackUrl: null, ntfyUrl: null, ntfyToken: "x", webhookUrl: null })).toEqual([]);
});

test.each([
  [200, null, { kind: "taken" }],
  [204, null, { kind: "taken" }],
  [302, null, { kind: "refused" }],
  [404, null, { kind: "refused", why: "it responded with 404: no" }],
  [407, null, { kind: "later", waitMs: 0 }],
  [429, "120", { kind: "later", waitMs: 120_000 }],
  [429, "999999", { kind: "later", waitMs: 3_600_000 }],
  [503, null, { kind: "later", waitMs: 0 }],
])("an answer %d (retry-after %s): %j", (status, retryAfter, wanted) =>
  expect(classifyResponse({ status, retryAfter, words: "no" })).toMatchObject(wanted),
);

test.each([
  ["ECONNREFUSED", "later"],
  ["UND_ERR_CONNECT_TIMEOUT", "later"],
  ["CERT_HAS_EXPIRED", "later"],
  ["ECONNRESET", "unknown"],
  ["UND_ERR_SOCKET", "unknown"],
])("a connection that fails with %s: %s", (code, kind) => {
  const cause = Object.assign(new Error("x"), { code });
  expect(classifyError(new TypeError("fetch failed", { cause }))).toMatchObject({ kind });
});

test("a proxy that opens no tunnel: nothing was sent, so the message may be sent later", () => {
  const root = new Error("Proxy response (502) !== 200 when HTTP Tunneling");
  const cause = new Error("Request was cancelled.", { cause: root });
  expect(classifyError(new TypeError("fetch failed", { cause }))).toMatchObject({ kind: "later" });
});

test("waits increase up to a maximum", () => {
  expect([1, 2, 3, 9, 99].map(waitAfter)).toEqual([5000, 10_000, 20_000, 900_000, 900_000]);
});
