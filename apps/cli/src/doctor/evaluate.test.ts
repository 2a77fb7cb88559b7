import { GitHubError, type GitHubErrorKind } from "@tac8/core/github/errors";
import type { Area, MayWrite } from "@tac8/core/github/mayWrite";
import { expect, test } from "vitest";
import { evaluateHome, evaluateMissing, evaluatePrompt, evaluateVersion } from "./checks/agent.ts";
import { evaluateBoard } from "./checks/board.ts";
import { evaluateClock } from "./checks/clock.ts";
import { evaluateConfig } from "./checks/config.ts";
import { evaluateDisk } from "./checks/disk.ts";
import { evaluateFolder } from "./checks/folders.ts";
import { evaluateChoice, evaluateLeftOut, evaluateReach } from "./checks/isolation.ts";
import { evaluateLabels } from "./checks/labels.ts";
import { evaluateLeftovers } from "./checks/leftovers.ts";
import { admissionOf } from "@tac8/core/domain/admission";
import { evaluateRunners } from "./checks/runners.ts";
import { evaluateMemory } from "./checks/memory.ts";
import { evaluateNode } from "./checks/node.ts";
import { evaluatePermissions } from "./checks/permissions.ts";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { evaluateTargets } from "./checks/notify.ts";
import { evaluatePrograms } from "./checks/programs.ts";
import { evaluateQuestions } from "./checks/questions.ts";
import { evaluateRateLimit } from "./checks/rateLimit.ts";
import { evaluateShare } from "./checks/share.ts";
import { evaluateUnreachable, evaluateRedis } from "./checks/redis.ts";
import type { RulesetFacts } from "@tac8/core/github/rules";
import { evaluateBranches, type BranchFacts } from "./checks/branchRules.ts";
import { evaluateApp, evaluateToken } from "./checks/token.ts";
import type { Finding } from "./finding.ts";

const error = (kind: GitHubErrorKind) =>
  new GitHubError({ kind, status: 400, retryAt: null, call: "GET /user", detail: "d" });
const statuses = (findings: readonly Finding[]) => findings.map(({ status }) => status);
const texts = (findings: readonly Finding[]) => findings.map(({ text }) => text).join("\n");

const INFO = "redis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n";

test.each([
  [INFO, ["ok"], /version 7\.0\.15/],
  [INFO.replace("7.0.15", "6.0.16"), ["problem"], /too old/],
  [INFO.replace("7.0.15", "6.2.0"), ["ok"], /6\.2/],
  [INFO.replace("noeviction", "allkeys-lru"), ["problem"], /allkeys-lru/],
  [INFO.replace("aof_enabled:1", "aof_enabled:0"), ["problem"], /append-only/],
  [INFO.replace("master", "slave"), ["problem"], /replica/],
  [`${INFO}aof_last_write_status:err\r\n`, ["problem"], /cannot write/],
  [INFO.replace("noeviction", "x").replace("aof_enabled:1", "aof_enabled:0"), ["problem", "problem"], /x/],
])("Redis that says %j", (info, wanted, line) => {
  const findings = evaluateRedis("127.0.0.1:6379", info);
  expect(statuses(findings)).toEqual(wanted);
  expect(texts(findings)).toMatch(line);
});

test.each([
  [{ redisNamed: true, message: "Redis at x is not reachable: y" }, "problem", /start it/],
  [{ redisNamed: false, message: "Redis at x is not reachable: y" }, "note", null],
  [
    { redisNamed: false, message: "Redis at x refuses the connection (NOAUTH): check the password" },
    "problem",
    /password/,
  ],
  [
    { redisUrl: "unix:///run/tac8-redis/redis.sock", redisNamed: true, message: "Redis at x is not reachable: y" },
    "problem",
    /^sudo systemctl restart tac8-redis$/,
  ],
])("an unreachable Redis: %j", (given, status, advice) => {
  const finding = evaluateUnreachable({ redisUrl: "redis://x", ...given });
  expect(finding.status).toBe(status);
  if (advice !== null) expect(finding.advice).toMatch(advice);
});

test.each([
  ["v26.10.0", "ok"],
  ["v24.0.0", "ok"],
  ["v22.9.0", "problem"],
])("Node %s: %s", (version, status) => expect(evaluateNode(version, "/node").status).toBe(status));

test.each([
  ["git version 2.39.5\n", "ok"],
  ["git version 2.31.0.windows\n", "ok"],
  ["git version 2.30.2\n", "problem"],
  ["no git", "unknown"],
])("%j: %s", (git, status) =>
  expect(statuses(evaluatePrograms({ missing: [], git, redisServerMissing: false }))).toEqual([status]),
);

test("missing programs are reported with what to install", () => {
  const findings = evaluatePrograms({
    missing: ["git was not found: install it"],
    git: null,
    redisServerMissing: true,
  });
  expect(findings).toMatchObject([
    { status: "problem", text: "git was not found", advice: "install it" },
    { status: "problem", text: "redis-server was not found", advice: expect.stringContaining("REDIS_URL") },
  ]);
});

test.each<[GitHubErrorKind, string]>([
  ["unauthorized", "problem"],
  ["unavailable", "unknown"],
  ["rate-limit", "unknown"],
])("a token that is answered %s: %s", (kind, status) => {
  expect(evaluateToken(error(kind), "https://x").status).toBe(status);
  expect(evaluateToken({ login: "octo" }, "https://x")).toMatchObject({ status: "ok", text: "token of octo" });
});

test.each([
  [null, /a GitHub App whose name/],
  ["tac8[bot]", /of the GitHub App tac8\[bot\]/],
])("an app's token, %j, works for an hour", (login, words) => {
  const finding = evaluateToken({ login }, "https://x");
  expect([finding.status, finding.text]).toEqual(["note", expect.stringMatching(words)]);
  expect(finding.text).toContain("expires after an hour");
});

const REACHED = { repo: { owner: "o", repo: "r" }, why: null };
const INSTALLATION = { id: 1, slug: "tac8", account: "o", url: "https://x/i/1", permissions: {}, suspended: false };

test("the token of an App is reported with its App, its renewal and its repositories", () => {
  const repositories = [
    { ...REACHED, installation: INSTALLATION },
    { ...REACHED, installation: null, why: "the GitHub App 1 is not installed on o/r: install it there" },
  ];
  const findings = evaluateApp(
    { slug: "tac8", url: "https://x/apps/tac8", repositories, leftMs: 3_000_000 },
    "https://x",
  );
  expect(findings).toMatchObject([
    { status: "ok", text: expect.stringMatching(/GitHub App tac8 \(https:\/\/x\/apps\/tac8\).*50 minutes/) },
    { status: "ok", text: "o/r: accessible through the App's installation for o" },
    { status: "problem", text: "the GitHub App 1 is not installed on o/r", advice: "install it there" },
  ]);
  expect(evaluateApp(error("unauthorized"), "https://x")).toMatchObject([
    { status: "problem", advice: expect.stringContaining("private key") },
  ]);
});

test("questions of another account than tac8's are reported", () => {
  const asked = [
    { issue: "o/r#1", by: "tac8-o[bot]" },
    { issue: "o/r#2", by: "octo" },
  ];
  const [finding, ...others] = evaluateQuestions({ login: "Tac8-o[bot]", asked, left: 0 });
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    status: "note",
    text: expect.stringMatching(/^o\/r#2: its question was written by octo,/),
  });
  expect(statuses(evaluateQuestions({ login: null, asked, left: 0 }))).toEqual(["ok"]);
  expect(statuses(evaluateQuestions({ login: "octo", asked: asked.slice(1), left: 3 }))).toEqual(["ok", "note"]);
});

const branches = (given: Partial<BranchFacts>) =>
  evaluateBranches({
    name: "o/r",
    pattern: "auto/gh-{number}",
    defaultBranch: "main",
    rules: [],
    git: { author_email: "tac8@localhost" },
    privateDrafts: false,
    ...given,
  });
const rule = (type: string, parameters: Record<string, unknown> = {}, more: Partial<RulesetFacts> = {}) => ({
  type,
  parameters,
  rulesetId: 1,
  bypass: false,
  exclude: [],
  ...more,
});

fieldTest("C2", "the rules that apply to the branches of issues are reported, with what to do", () => {
  const users = { operator: "starts_with", pattern: "users/" };
  const cases: [Partial<BranchFacts>, string, RegExp][] = [
    [{}, "ok", /auto\/gh-471 is allowed/],
    [{ rules: null }, "note", /does not report/],
    [{ pattern: "x-{number}", defaultBranch: "x-12" }, "problem", /default branch x-12/],
    [{ privateDrafts: true }, "note", /paid plan/],
    [{ rules: [rule("creation")] }, "problem", /forbids creating/],
    [{ rules: [rule("creation", {}, { bypass: true })] }, "ok", /exempt/],
    [{ rules: [rule("branch_name_pattern", users)] }, "problem", /must start with "users\/"/],
    [{ rules: [rule("branch_name_pattern", users)], pattern: "users/{number}-x" }, "ok", /users\/471-x/],
    [{ rules: [rule("branch_name_pattern", { ...users, negate: true })] }, "ok", /is allowed/],
    [
      { rules: [rule("branch_name_pattern", { operator: "regex", pattern: "^auto/gh-\\d+$" })] },
      "problem",
      /must match/,
    ],
    [{ rules: [rule("branch_name_pattern", { operator: "regex", pattern: "(?i)^x" })] }, "note", /check that/],
    [{ rules: [rule("branch_name_pattern", { operator: "sounds_like", pattern: "x" })] }, "note", /check that/],
    [{ rules: [rule("required_signatures")] }, "problem", /does not sign/],
    [{ rules: [rule("pull_request")] }, "problem", /requires pull requests/],
    [{ rules: [rule("update")] }, "problem", /pushing again/],
    [{ rules: [rule("workflows")] }, "problem", /the rule workflows/],
    [
      { rules: [rule("commit_author_email_pattern", { operator: "ends_with", pattern: "@a.com" })] },
      "problem",
      /author must end/,
    ],
    [{ rules: [rule("committer_email_pattern", { operator: "contains", pattern: "localhost" })] }, "ok", /is allowed/],
    [{ rules: [rule("commit_message_pattern", { operator: "starts_with", pattern: "feat" })] }, "note", /uncommitted/],
    [{ rules: [rule("max_file_size", { max_file_size: 1 })] }, "note", /max_file_size/],
    [{ rules: [rule("deletion"), rule("required_linear_history")] }, "ok", /is allowed/],
    [{ rules: [rule("something_new")] }, "note", /something_new/],
  ];
  const found = cases.map(([given]) => branches(given).map(({ status }) => status));
  expect(found).toEqual(cases.map(([, status]) => [status]));
  for (const [given, , words] of cases) expect(branches(given)[0]?.text).toMatch(words);
});

test("a name that the rules allow is proposed", () => {
  const advice = (exclude: readonly string[]) => branches({ rules: [rule("creation", {}, { exclude })] })[0]?.advice;
  expect(advice(["refs/heads/users/**"])).toContain('for example "users/gh-{number}"');
  expect(advice(["refs/heads/release", "refs/heads/bots/tac8/**/*"])).toContain('"bots/tac8/gh-{number}"');
  expect(advice([])).not.toContain("example");
  const [named] = branches({ rules: [rule("branch_name_pattern", { operator: "starts_with", pattern: "users/" })] });
  expect(named?.advice).toContain('"users/gh-{number}"');
});

test("permissions: each missing one is reported", () => {
  const may = (contents: MayWrite, issues: MayWrite | GitHubError, pulls: MayWrite) =>
    evaluatePermissions(
      "o/r",
      new Map<Area, MayWrite | GitHubError>([
        ["Contents", contents],
        ["Issues", issues],
        ["Pull requests", pulls],
      ]),
    );
  expect(statuses(may("yes", "yes", "yes"))).toEqual(["ok"]);
  expect(may("no", "yes", "no")).toMatchObject([
    { status: "problem", text: "o/r: the token cannot write Contents, Pull requests" },
  ]);
  expect(may("yes", "off", "yes")).toMatchObject([{ status: "problem", text: "o/r: Issues are disabled" }]);
  expect(statuses(may("no", error("unavailable"), "yes"))).toEqual(["problem", "unknown"]);
});

test("only the label that users add has to exist", () => {
  const found = { name: "o/r", trigger: "rpi-auto", missing: [] as string[], made: [] as string[] };
  expect(evaluateLabels(found).status).toBe("ok");
  expect(evaluateLabels({ ...found, missing: ["rpi-done"] }).status).toBe("note");
  expect(evaluateLabels({ ...found, missing: ["rpi-auto", "rpi-done"] }).status).toBe("problem");
  expect(evaluateLabels({ ...found, made: ["rpi-auto"] })).toMatchObject({
    status: "ok",
    text: "o/r: created rpi-auto",
  });
});

test.each([
  [4999, "ok"],
  [499, "note"],
  [0, "problem"],
])("%d calls of 5000 left: %s", (remaining, status) =>
  expect(evaluateRateLimit({ limit: 5000, remaining, resetAt: 0 }, 0).status).toBe(status),
);

test("a rate limit that GitHub did not report is unknown", () =>
  expect(evaluateRateLimit(null, 0).status).toBe("unknown"));

const output = (stdout: string, code = 0, stderr = "") => ({ code, stdout, stderr });
const result = (fields: object) => JSON.stringify({ type: "result", ...fields });

test("the agent", () => {
  expect(evaluateMissing("claude was not found: install it")).toMatchObject({
    status: "problem",
    advice: "install it",
  });
  expect(evaluateVersion("claude", output("2.1.330\n"))).toMatchObject({ status: "ok", text: "claude 2.1.330" });
  expect(evaluateVersion("claude", output("", 1, "broken\nstack"))).toMatchObject({
    status: "problem",
    text: "claude --version exited with code 1: broken",
  });
  expect(evaluateVersion("claude", new Error("EACCES")).status).toBe("problem");
});

test("a home folder that agents share is reported", () => {
  const shared = { text: "agents share it", advice: "run claude setup-token" };
  expect(evaluateHome("auto", shared)).toEqual([{ status: "note", ...shared }]);
  expect(evaluateHome("shared", null)).toMatchObject([{ status: "note" }]);
  expect([evaluateHome("auto", null), evaluateHome("private", null)]).toEqual([[], []]);
});

test.each([
  [output(result({ is_error: false, result: "ready" })), "ok", null],
  [output(`[{"type":"system"},${result({ is_error: false })}]`), "ok", null],
  [
    output(result({ is_error: true, result: "Invalid API key", api_error_status: 401 }), 1),
    "problem",
    /ANTHROPIC_API_KEY/,
  ],
  [output(result({ is_error: true, result: "Not logged in · Please run /login" }), 1), "problem", /ANTHROPIC_API_KEY/],
  [output(result({ is_error: true, result: "Overloaded", api_error_status: 529 }), 1), "problem", /try again/],
  [output("", 1, "command not understood"), "unknown", /by hand/],
  [new Error("timeout"), "problem", /network/],
])("asked for one word it answers %j: %s", (answer, status, advice) => {
  const finding = evaluatePrompt(answer);
  expect(finding.status).toBe(status);
  if (advice !== null) expect(finding.advice).toMatch(advice);
});

const HOST = { min_free_disk_gb: 1, min_free_memory_mb: 512 } as Parameters<typeof evaluateDisk>[1]["host"];
const JANITOR = { min_free_gb: 2 } as Parameters<typeof evaluateDisk>[1]["janitor"];
const COORDINATOR = { max_concurrent_workers: 3 } as Parameters<typeof evaluateMemory>[1]["coordinator"];

test.each([
  [3, null, "ok"],
  [1.5, 1e6, "note"],
  [0.5, null, "problem"],
  [3, 100, "problem"],
  [3, 60_000, "problem"],
  [3, 70_000, "ok"],
])("%d GB and %j files free: %s", (freeGb, freeFiles, status) =>
  expect(evaluateDisk({ path: "/", freeGb, freeFiles }, { host: HOST, janitor: JANITOR }).status).toBe(status),
);

test.each([
  [3000, 8000, "ok"],
  [900, 1000, "note"],
  [400, 8000, "problem"],
])("%d of %d MB free: %s", (freeMb, totalMb, status) =>
  expect(evaluateMemory({ freeMb, totalMb }, { host: HOST, coordinator: COORDINATOR }).status).toBe(status),
);

test.each([
  ["fine", "ok"],
  ["made", "ok"],
  ["missing", "note"],
  ["open", "note"],
  ["no folder", "problem"],
  ["not writable", "problem"],
  [{ failed: "EROFS" }, "problem"],
] as const)("a folder that is %j: %s", (stand, status) => expect(evaluateFolder("/x", stand).status).toBe(status));

test.each([
  [{ github: 0, redis: 0 }, ["ok"]],
  [{ github: 9000, redis: -4000 }, ["ok"]],
  [{ github: -11_000, redis: 0 }, ["problem"]],
  [{ github: null, redis: 6000 }, ["problem"]],
  [{ github: 60_000, redis: 60_000 }, ["problem", "problem"]],
  [{ github: null, redis: null }, ["note"]],
])("a clock that is ahead by %j ms: %j", (ahead, wanted) => expect(statuses(evaluateClock(ahead))).toEqual(wanted));

test("runners: those whose name another machine has are reported", () => {
  const runner = { id: "a/0", name: "pi/0", host: "pi", wantedHost: "pi", at: 1, pid: 1, slots: 1, busy: 0 };
  expect(statuses(evaluateRunners([]))).toEqual(["note"]);
  expect(statuses(evaluateRunners([runner]))).toEqual(["ok"]);
  const renamed = { ...runner, id: "b/0", name: "pi-3f2a/0", host: "pi-3f2a" };
  expect(evaluateRunners([runner, renamed])).toMatchObject([
    { status: "note", text: expect.stringMatching(/^pi-3f2a\/0 has this name because the runner of another machine/) },
  ]);
  expect(evaluateRunners([{ ...runner, otherLimits: ["limits.per_label"] }])).toMatchObject([
    { status: "note", text: expect.stringMatching(/^pi\/0 is configured with a different limits\.per_label/) },
  ]);
  expect(evaluateRunners([runner, { ...runner, id: "c/0", name: "new/0", format: 2 }])).toMatchObject([
    { status: "problem", text: expect.stringMatching(/^pi\/0 runs an older version/) },
  ]);
});

test("runners and the queue: whether less or no new work starts, and why", () => {
  const runner = { id: "a/0", name: "pi/0", host: "pi", at: 1, pid: 1, slots: 1, busy: 0 };
  const admission = admissionOf([{ code: "disk", effect: "half", text: "only 1.5 GB of free disk space" }]);
  const queue = admissionOf([{ code: "hold:auth", effect: "closed", text: "hold auth: refused" }]);
  expect(texts(evaluateRunners([{ ...runner, admission }], queue))).toBe(
    "the queue is closed: hold auth: refused\npi/0 is half open: only 1.5 GB of free disk space",
  );
  expect(texts(evaluateRunners([], queue))).toMatch(/^the queue is closed: hold auth: refused\nno runner is running/);
});

test("leftovers: the note of a slot without a runner, processes that no runner reports, quarantined files", () => {
  const none = { notes: [], quarantined: [], marked: [], reported: [] };
  const process = { pid: 7, run: "r", name: "sleep", ageMs: 61_000 };
  const note = { slot: 0, jobId: "octo.hello.3", run: "r", held: false };
  expect(statuses(evaluateLeftovers(none))).toEqual(["ok"]);
  expect(texts(evaluateLeftovers({ ...none, notes: [note] }))).toMatch(/^slot 0: a run of octo\/hello#3 ended/);
  expect(statuses(evaluateLeftovers({ ...none, notes: [{ ...note, held: true }] }))).toEqual(["ok"]);
  expect(evaluateLeftovers({ ...none, marked: [process] })).toMatchObject([
    { status: "problem", advice: "end them: kill -9 7" },
  ]);
  expect(statuses(evaluateLeftovers({ ...none, marked: [{ ...process, ageMs: 1000 }] }))).toEqual(["ok"]);
  expect(statuses(evaluateLeftovers({ ...none, marked: [process], reported: ["r"] }))).toEqual(["ok"]);
  expect(statuses(evaluateLeftovers({ ...none, marked: [process], notes: [{ ...note, held: true }] }))).toEqual(["ok"]);
  // The runner that uses the slot next ends these processes, so they are reported only once.
  expect(statuses(evaluateLeftovers({ ...none, marked: [process], notes: [note] }))).toEqual(["problem"]);
  expect(statuses(evaluateLeftovers({ ...none, quarantined: ["a.kept-1"] }))).toEqual(["note"]);
});

test("the configuration", () => {
  const input = {
    kind: "none",
    configPath: "/x/config.toml",
    searched: ["/x/config.toml", "/h/config.toml"],
    problems: [],
    warnings: ["old table"],
    config: null as never,
  } as const;
  expect(evaluateConfig(input)[0]).toMatchObject({
    status: "problem",
    text: expect.stringContaining("neither /x/config.toml nor /h/config.toml exists"),
    advice: expect.stringContaining("tac8 init"),
  });
  expect(evaluateConfig({ ...input, kind: "demo" })[0]?.status).toBe("note");
  const problems = [
    { key: "a.b", message: "found 1", place: "file", line: 3 },
    { key: "c", message: "missing", place: "file" },
    { key: "REDIS_URL", message: "found x", place: "environment" },
  ] as const;
  expect(texts(evaluateConfig({ ...input, kind: "broken", problems, warnings: [] }))).toBe(
    "/x/config.toml:3: a.b: found 1\n/x/config.toml: c: missing\nenvironment variable REDIS_URL: found x",
  );
  const config = { repositories: [{ owner: "o", repo: "r" }] } as unknown as Parameters<
    typeof evaluateConfig
  >[0]["config"];
  expect(evaluateConfig({ ...input, kind: "config", config })).toMatchObject([
    { status: "ok", text: "/x/config.toml: o/r" },
    { status: "note", text: "old table" },
  ]);
});

fieldTest(
  "E11",
  "doctor reports that GitHub does not notify users of comments that tac8 writes with their own token",
  () => {
    expect(evaluateTargets([]).text).toMatch(/GitHub does not notify you/);
  },
);

test.each([
  ["", "ok", /listens on 127\.0\.0\.1, port 3000/],
  ["https://tac8.example.org", "ok", /its URL for users is https:\/\/tac8\.example\.org/],
  ["http://localhost:3000", "note", /::1/],
])("a board whose address is %j: %s", (url, status, line) => {
  const board = { host: "127.0.0.1", port: 3000, url, allow_destructive: false };
  const [finding] = evaluateBoard({ board, secrets: { boardPasswordSource: null } });
  expect(finding).toMatchObject({ status, text: expect.stringMatching(line) });
});

test.each([
  ["reached in a sandbox", true, "sandbox", "problem"],
  ["not reached in a sandbox", false, "sandbox", "ok"],
  ["reached without isolation", true, "none", "note"],
  ["not reached without isolation", false, "none", "ok"],
] as const)("something %s: %s %s %s", (_what, reached, mode, status) => {
  expect(evaluateReach({ what: "connect to Redis", reached, code: reached ? "ok" : "ENOENT" }, mode)).toMatchObject({
    status,
  });
});

test("an open network in mode user is closed by systemd for a service, or by the network of a container", () => {
  const network = { what: "use the network without tac8's proxy", reached: true, code: "ok" };
  expect(evaluateReach(network, "user", true)).toMatchObject({
    status: "problem",
    advice: expect.stringContaining("IPAddressDeny"),
  });
  expect(evaluateReach(network, "user")).toMatchObject({
    status: "problem",
    advice: expect.stringContaining("internal network"),
  });
});

test.each([
  ["a refused isolation", { mode: "refused", text: "t", advice: "a" }, "problem"],
  ["none, by no choice", { mode: "none", text: "t", advice: "a" }, "note"],
  ["none, by choice", { mode: "none", text: "t", advice: null }, "ok"],
] as const)("doctor finds %s", (_what, chosen, status) => {
  expect(evaluateChoice(chosen)).toMatchObject({ status, text: "t" });
});

test("doctor names entries of agent.read and agent.write that agents do not see", () => {
  const line = "agent.read: agents do not see /home, because it is or holds the home folder /home/pi";
  expect(evaluateLeftOut(line)).toMatchObject({ text: line });
});

test.each([
  [{}, "ok", /1 other machine can use Redis at 10\.0\.0\.5:6380/],
  [{ listens: false }, "problem", /does not listen/],
  [{ listens: false, taken: true }, "problem", /another program has .*tac8 share --port/],
  [{ here: false }, "problem", /no longer has that address/],
  [{ isOther: true }, "problem", /REDIS_URL is a different one/],
])("sharing: %j is %s", (change, status, words) => {
  const machines = [{ name: "pi-2", hash: "", since: 0 }];
  const share = { address: "10.0.0.5", port: 6380, machines };
  const [finding] = evaluateShare({ share, command: "tac8", listens: true, here: true, isOther: false, ...change });
  expect(finding).toMatchObject({ status, text: expect.stringMatching(words) });
});
