import { describe, expect, it, test } from "vitest";
import { renderMarker } from "@tac8/core/domain/marker";
import type { Comment, Issue, IssueResult, IssueEvent } from "@tac8/core/github/types";
import { applyPatch, parseIssueState, type IssuePatch } from "@tac8/core/state/issueState";
import { decidingAccounts, plan, lookupsFor, type Action, type LookupResults, type KnownJob } from "./plan.ts";

const REPO = { owner: "Octo", repo: "wid.gets", repositoryId: 1, label: "rpi-auto", allowLabel: "rpi-allow" };
const P2 = 6;
const BEGUN_P2 = 5;

function issue(change: Partial<Issue> = {}): Issue {
  const text = { title: "t", body: "", url: "u", author: "octo", createdAt: "", updatedAt: "" };
  return {
    ...text,
    number: 7,
    state: "open",
    stateReason: null,
    labels: ["rpi-auto"],
    locked: false,
    commentCount: 0,
    isPull: false,
    ...change,
  };
}

function job(where: KnownJob["where"], fields: IssuePatch = {}, priority = P2): KnownJob {
  return { jobId: "octo.wid.gets.7", where, priority, record: applyPatch(parseIssueState({}), fields) };
}

function comment(id: number, login: string, body = "Yes.", issueNumber = 7): Comment {
  const author = { login, type: "User" };
  return { id, body, author, association: "NONE", createdAt: "", updatedAt: "", issueNumber, url: "" };
}

interface Given {
  readonly job: KnownJob;
  /** Null: the issue is not in the list. */
  readonly listed?: Issue | null;
  readonly event?: number | null;
  readonly answer?: IssueResult;
  readonly comments?: Comment[];
  readonly trusted?: string[];
  /** Newest event of the label that allows publication. */
  readonly allowance?: IssueEvent;
}

function planFor({ job, listed = issue(), event, answer, comments = [], trusted = [], allowance }: Given): Action[] {
  const results: LookupResults = {
    events: new Map(event === undefined ? [] : [[job.jobId, event]]),
    issues: new Map(answer === undefined ? [] : [[job.jobId, answer]]),
    allowances: new Map(allowance === undefined ? [] : [[job.jobId, allowance]]),
    comments,
    trusted: new Set(trusted),
  };
  return plan({ ...REPO, labelled: listed === null ? [] : [listed], jobs: [job] }, results);
}

/** Return `do` and the relevant facts of each action. */
function brief(action: Action): string {
  switch (action.do) {
    case "add":
      return `add ${action.priority} for event ${action.labelEvent}`;
    case "add-lost-job":
    case "reprioritize":
      return `${action.do} ${action.priority}`;
    case "withdraw":
    case "cancel":
      return `${action.do}: ${action.reason}`;
    case "record-reply":
      return `record-reply ${action.comments.map(({ id }) => id).join(" ")}`;
    case "allow":
      return `allow ${action.event.id}`;
    case "set-runner-labels":
      return `set-runner-labels ${action.runsOn.join(",")}`;
    case "unlabel":
      return `unlabel ${action.number}`;
    case "uncancel":
    case "wake":
      return action.do;
    default:
      return action satisfies never;
  }
}

const found = (change: Partial<Issue>): IssueResult => ({ kind: "found", issue: issue(change) });
const unlabelled = found({ labels: [] });
const closed = found({ state: "closed" });
const blocked = {
  state: "blocked",
  "question.commentId": 50,
  "end.outcome": "blocked",
  since: "2026-11-22T03:10:00.000Z",
} as const;
const why = { reason: "The work changes protected files.", canAllow: true, event: 40 };
const withheld = job("delayed", { ...blocked, "work.withheld": why, "agent.runCount": 1 }, BEGUN_P2);
const allowed = issue({ labels: ["rpi-auto", "rpi-allow"] });
const by = (actor: string, id = 60): IssueEvent => ({ id, actor, actorType: "User", at: "" });
const answered = { commentId: 51, author: "octo", text: "Yes." };
const ours = renderMarker({
  v: 1,
  kind: "question",
  run: "r",
  outcome: null,
  label_event_id: 0,
  published_sha: null,
  question_id: null,
});

describe("plan", () => {
  const waiting = job("waiting", { state: "queued" });
  const ended = (state: IssuePatch = {}) => job("finished", { state: "pr", "label.event": 10, ...state });
  const asks = job("delayed", { ...blocked, "agent.runCount": 1 }, BEGUN_P2);

  it.each<[string, Given, string[]]>([
    // Start
    ["a new issue", { job: job(null) }, ["add P2 for event null"]],
    [
      "a new issue of high priority",
      { job: job(null), listed: issue({ labels: ["RPI-auto", "Priority:p0"] }) },
      ["add P0 for event null"],
    ],
    ["an empty record beside a finished job", { job: job("finished") }, ["add P2 for event null"]],
    ["an ended issue that still has its former label", { job: ended(), event: 10 }, []],
    ["an ended issue, labelled again", { job: ended(), event: 11 }, ["add P2 for event 11"]],
    ["an ended issue whose job was dropped", { job: job(null, { state: "failed", "label.event": 10 }), event: 10 }, []],
    [
      "an ended issue, its job dropped, labelled again",
      { job: job(null, { state: "failed", "label.event": 10 }), event: 12 },
      ["add P2 for event 12"],
    ],
    ["an ended issue whose events could not be read", { job: ended() }, []],
    ["an ended issue without any event", { job: ended(), event: null }, []],
    [
      "a label that could not be removed at the end",
      { job: ended({ "label.notRemoved": 10 }), event: 10 },
      ["unlabel 7"],
    ],
    ["that label, added again", { job: ended({ "label.notRemoved": 10 }), event: 11 }, ["add P2 for event 11"]],
    [
      "withdrawn when closed, then reopened",
      { job: job(null, { state: "withdrawn" }), event: 10 },
      ["add P2 for event 10"],
    ],
    ["queued in the record, but without a job", { job: job(null, { state: "queued" }) }, ["add-lost-job P2"]],
    [
      "running in the record, but its job failed",
      { job: job("finished", { state: "running", "run.id": "r" }) },
      ["add-lost-job P2"],
    ],
    // Priority
    ["nothing new", { job: waiting }, []],
    ["a new priority", { job: waiting, listed: issue({ labels: ["rpi-auto", "priority:P1"] }) }, ["reprioritize 4"]],
    ["a priority label that was removed", { job: job("waiting", { state: "queued" }, 2) }, ["reprioritize 6"]],
    [
      "a new priority of started work",
      {
        job: job("delayed", { state: "retrying", "agent.runCount": 1 }, BEGUN_P2),
        listed: issue({ labels: ["priority:P0"] }),
      },
      ["reprioritize 1"],
    ],
    [
      "started work that has its priority",
      { job: job("delayed", { state: "parked", "agent.runCount": 2 }, BEGUN_P2) },
      [],
    ],
    [
      "a new priority of a running issue",
      { job: job("active", { state: "running" }), listed: issue({ labels: ["priority:P0"] }) },
      [],
    ],
    // Missing from the list
    ["moved from one page to another", { job: waiting, listed: null, answer: found({}) }, []],
    ["moved between pages, and GitHub did not answer", { job: waiting, listed: null }, []],
    ["unlabelled, waiting", { job: waiting, listed: null, answer: unlabelled }, ["withdraw: the label was removed"]],
    ["closed, waiting", { job: waiting, listed: null, answer: closed }, ["withdraw: the issue was closed"]],
    [
      "deleted, waiting",
      { job: waiting, listed: null, answer: { kind: "missing", status: 410 } },
      ["withdraw: the issue was deleted"],
    ],
    [
      "transferred, waiting",
      { job: waiting, listed: null, answer: { kind: "moved", to: "octo/other#3" } },
      ["withdraw: the issue was transferred to octo/other#3"],
    ],
    [
      "unlabelled, parked before its agent started",
      { job: job("delayed", { state: "parked", statusComment: 4 }), listed: null, answer: unlabelled },
      ["cancel: the label was removed"],
    ],
    [
      "unlabelled, parked with work",
      { job: job("delayed", { state: "parked", "agent.runCount": 1 }), listed: null, answer: unlabelled },
      ["cancel: the label was removed"],
    ],
    ["unlabelled, blocked", { job: asks, listed: null, answer: unlabelled }, ["cancel: the label was removed"]],
    ["unlabelled, running", { job: job("active", { state: "running" }), listed: null, answer: unlabelled }, []],
    [
      "closed, running",
      { job: job("active", { state: "running" }), listed: null, answer: closed },
      ["cancel: the issue was closed"],
    ],
    [
      "deleted, running",
      { job: job("active", { state: "running" }), listed: null, answer: { kind: "missing", status: 404 } },
      ["cancel: the issue was deleted"],
    ],
    ["ended and unlabelled", { job: ended(), listed: null }, []],
    ["cancelled already", { job: job("waiting", { state: "queued", "command.cancel": "x" }), listed: null }, []],
    [
      "cancelled, but not woken",
      { job: job("delayed", { ...blocked, "command.cancel": "x" }), listed: null },
      ["wake"],
    ],
    [
      "cancelled, and its report waits for GitHub",
      { job: job("delayed", { state: "parked", "end.outcome": "cancelled", "command.cancel": "x" }), listed: null },
      [],
    ],
    ["cancelled, labelled again", { job: job("waiting", { state: "queued", "command.cancel": "x" }) }, ["uncancel"]],
    ["cancelled while it ran, labelled again", { job: job("active", { state: "running", "command.cancel": "x" }) }, []],
    ["stopped, but not woken", { job: job("delayed", { state: "parked", "command.stop": "x" }) }, ["wake"]],
    [
      "retried by a user, without a label",
      {
        job: job("waiting", { state: "queued", "round.retriedAt": "then", statusComment: 4 }),
        listed: null,
        answer: unlabelled,
      },
      [],
    ],
    [
      "retried by a user, then closed",
      {
        job: job("waiting", { state: "queued", "round.retriedAt": "then", statusComment: 4 }),
        listed: null,
        answer: closed,
      },
      ["cancel: the issue was closed"],
    ],
    // Questions
    ["no reply", { job: asks, trusted: ["octo"] }, []],
    ["a reply", { job: asks, comments: [comment(51, "Octo")], trusted: ["octo"] }, ["record-reply 51"]],
    [
      "two replies",
      { job: asks, comments: [comment(51, "octo"), comment(53, "octo")], trusted: ["octo"] },
      ["record-reply 51 53"],
    ],
    ["a stranger's reply", { job: asks, comments: [comment(51, "mallory")], trusted: ["octo"] }, []],
    [
      "a stranger's reply beside a trusted user's reply",
      { job: asks, comments: [comment(51, "mallory"), comment(52, "octo")], trusted: ["octo"] },
      ["record-reply 52"],
    ],
    ["our own comment", { job: asks, comments: [comment(51, "octo", `${ours}\nAsked.`)], trusted: ["octo"] }, []],
    [
      "a reply that quotes our marker further down",
      { job: asks, comments: [comment(51, "octo", `Yes.\n${ours}`)], trusted: ["octo"] },
      ["record-reply 51"],
    ],
    ["an older comment, edited", { job: asks, comments: [comment(49, "octo")], trusted: ["octo"] }, []],
    ["a comment on another issue", { job: asks, comments: [comment(51, "octo", "Yes.", 8)], trusted: ["octo"] }, []],
    [
      "a reply that was recorded already",
      {
        job: job("waiting", { ...blocked, "question.reply": answered, "agent.runCount": 1 }, BEGUN_P2),
        comments: [comment(51, "octo")],
        trusted: ["octo"],
      },
      [],
    ],
    [
      "a reply whose job was not woken",
      { job: job("delayed", { ...blocked, "question.reply": answered, "agent.runCount": 1 }, BEGUN_P2) },
      ["wake"],
    ],
    [
      "a reply on an issue that a user retried without a label",
      {
        job: job("delayed", { ...blocked, "agent.runCount": 1, "round.retriedAt": "then" }, BEGUN_P2),
        listed: null,
        answer: unlabelled,
        comments: [comment(51, "octo")],
        trusted: ["octo"],
      },
      ["record-reply 51"],
    ],
    // Withheld work
    [
      "the label that allows the publication",
      { job: withheld, listed: allowed, allowance: by("octo"), trusted: ["octo"] },
      ["allow 60"],
    ],
    [
      "… by an account that cannot write",
      { job: withheld, listed: allowed, allowance: by("triage"), trusted: ["octo"] },
      [],
    ],
    ["… that was removed again", { job: withheld, allowance: by("octo"), trusted: ["octo"] }, []],
    [
      "… that the issue had when the work was withheld",
      { job: withheld, listed: allowed, allowance: by("octo", 40), trusted: ["octo"] },
      [],
    ],
    [
      "… and a reply: no agent is needed",
      { job: withheld, listed: allowed, allowance: by("octo"), comments: [comment(51, "octo")], trusted: ["octo"] },
      ["allow 60"],
    ],
    [
      "a reply to withheld work",
      { job: withheld, comments: [comment(51, "octo")], trusted: ["octo"] },
      ["record-reply 51"],
    ],
    [
      "the label on work that no label can allow",
      {
        job: job("delayed", { ...blocked, "work.withheld": { ...why, canAllow: false } }),
        listed: allowed,
        allowance: by("octo"),
        trusted: ["octo"],
      },
      [],
    ],
    [
      "the label on a question of the agent",
      { job: asks, listed: allowed, allowance: by("octo"), trusted: ["octo"] },
      [],
    ],
    [
      "the label, whose job was not woken",
      {
        job: job("delayed", { ...blocked, "work.withheld": why, "work.allowed": 60, "agent.runCount": 1 }, BEGUN_P2),
        listed: allowed,
      },
      ["wake"],
    ],
    [
      "the label on an issue that a user retried without a label",
      {
        job: job(
          "delayed",
          { ...blocked, "work.withheld": why, "agent.runCount": 1, "round.retriedAt": "then" },
          BEGUN_P2,
        ),
        listed: null,
        answer: found({ labels: ["RPI-allow"] }),
        allowance: by("octo"),
        trusted: ["octo"],
      },
      ["allow 60"],
    ],
    [
      "a question without a reply, of any age: the runner ends it when it expires",
      { job: job("delayed", { ...blocked, since: "2020-01-01T00:00:00.000Z", "agent.runCount": 1 }, BEGUN_P2) },
      [],
    ],
  ])("%s", (_name, given, expected) => {
    expect(planFor(given).map(brief)).toEqual(expected);
  });

  test("the most urgent new issue is added first, and the older one within a priority", () => {
    const numbers = [7, 8, 9, 10];
    const labels = [[], ["priority:P1"], ["priority:P0"], ["priority:P1"]];
    const labelled = numbers.map((number, index) => issue({ number, labels: labels[index] ?? [] }));
    const jobs = numbers.map((number) => ({ ...job(null), jobId: `octo.wid.gets.${number}` }));
    const actions = plan({ ...REPO, labelled, jobs }, NO_RESULTS);
    expect(actions.map((action) => Number(action.job.jobId.split(".").at(-1)))).toEqual([9, 8, 10, 7]);
  });

  test("the plan of one issue does not affect another issue", () => {
    const other: KnownJob = { ...waiting, jobId: "octo.wid.gets.8" };
    const labelled = [issue(), issue({ number: 8, labels: ["priority:P0"] })];
    const actions = plan({ ...REPO, labelled, jobs: [job(null), other] }, NO_RESULTS);
    expect(actions.map((action) => [action.job.jobId, brief(action)])).toEqual([
      ["octo.wid.gets.8", "reprioritize 2"],
      ["octo.wid.gets.7", "add P2 for event null"],
    ]);
  });
});

const NO_RESULTS: LookupResults = {
  events: new Map(),
  issues: new Map(),
  allowances: new Map(),
  comments: [],
  trusted: new Set(),
};

describe("lookupsFor", () => {
  const ref = { owner: "Octo", repo: "wid.gets", number: 7 };
  const none = { events: [], issues: [], allowances: [], commentsSince: null };

  it.each<[string, KnownJob, Issue[], Partial<typeof none> | object]>([
    ["a new issue", job(null), [issue()], {}],
    ["one that waits", job("waiting", { state: "queued" }), [issue()], {}],
    ["an ended issue, still labelled", job("finished", { state: "pr" }), [issue()], { events: [ref] }],
    ["an ended issue", job("finished", { state: "pr" }), [], {}],
    ["one that waits and is not listed", job("waiting", { state: "queued" }), [], { issues: [ref] }],
    ["one that runs and is not listed", job("active", { state: "running" }), [], { issues: [ref] }],
    ["one that is being cancelled", job("active", { state: "running", "command.cancel": "x" }), [], {}],
    ["one whose run reports its end", job("active", { state: "running", "end.outcome": "pr" }), [], {}],
    [
      "one that waits to report its end",
      job("delayed", { state: "parked", "end.outcome": "pr" }),
      [],
      { issues: [ref] },
    ],
    ["one whose run asks", job("active", { state: "running", "end.outcome": "blocked" }), [], { issues: [ref] }],
    ["an open question", job("delayed", blocked), [issue()], { commentsSince: "2026-11-22T02:00:00Z" }],
    ["an answered question", job("delayed", { ...blocked, "question.reply": answered }), [issue()], {}],
    [
      "withheld work",
      job("delayed", { ...blocked, "work.withheld": why }),
      [issue()],
      { allowances: [ref], commentsSince: "2026-11-22T02:00:00Z" },
    ],
    [
      "a question whose time is lost",
      job("delayed", { ...blocked, since: null }),
      [issue()],
      { commentsSince: "1970-01-01T00:00:00Z" },
    ],
  ])("%s", (_name, known, labelled, expected) => {
    expect(lookupsFor({ ...REPO, labelled, jobs: [known] })).toEqual({ ...none, ...expected });
  });

  test("with two open questions, the time of the older one counts, and it is constant while that question is open", () => {
    const jobs = [
      job("delayed", { ...blocked, since: "2026-11-22T09:59:59.999Z" }),
      { ...job("delayed", blocked), jobId: "octo.wid.gets.8" },
    ];
    expect(lookupsFor({ ...REPO, labelled: [], jobs }).commentsSince).toBe("2026-11-22T02:00:00Z");
  });
});

test("only authors of possible replies and users who allowed a publication are looked up", () => {
  const other = { ...job("waiting"), jobId: "octo.wid.gets.8" };
  const jobs = [job("delayed", { ...blocked, "work.withheld": why }), other];
  const allowances = new Map([
    [jobs[0]?.jobId ?? "", by("Labeller")],
    [other.jobId, by("elsewhere")],
  ]);
  const comments = [
    comment(51, "Helper"),
    comment(52, "helper"),
    comment(49, "early"),
    comment(53, "octo", ours),
    comment(54, "elsewhere", "Yes.", 8),
  ];
  expect(decidingAccounts({ ...REPO, labelled: [], jobs }, { comments, allowances })).toEqual(["helper", "labeller"]);
});

test("an issue that was stopped without a runner is not started again by the label that it still has", () => {
  const untold = job(null, { state: "stopped", "command.stop": "stopped by ann@pi", "label.event": 0 });
  expect(planFor({ job: untold, event: 5 })).toEqual([]);
  expect(lookupsFor({ ...REPO, labelled: [issue()], jobs: [untold] }).events).toEqual([]);
  const stopped = job(null, { state: "stopped", "label.event": 5 });
  expect(planFor({ job: stopped, event: 5 })).toEqual([]);
  expect(planFor({ job: stopped, event: 6 }).map(brief)).toEqual(["add P2 for event 6"]);
});

describe("labels of runners", () => {
  const big = issue({ labels: ["rpi-auto", "runs-on:big"] });
  it.each<[string, KnownJob, Issue, string[]]>([
    ["a label that was added later", job("waiting"), big, ["set-runner-labels big"]],
    ["the same labels as before", job("waiting", { "job.runsOn": ["big"] }), big, []],
    ["a label that was removed", job("delayed", { "job.runsOn": ["big"] }), issue(), ["set-runner-labels "]],
    ["while an agent works on it", job("active"), big, []],
    [
      "a deferred job keeps its position",
      job("delayed", { "job.runsOn": ["big"], "job.hold": "runs-on:big" }, BEGUN_P2),
      big,
      [],
    ],
  ])("%s", (_, known, listed, wanted) => {
    expect(planFor({ job: known, listed }).map(brief)).toEqual(wanted);
  });
});
