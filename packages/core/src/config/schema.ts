import { z } from "zod";
import { isRunnerLabel } from "../domain/placement.ts";
import { olderTables } from "./older.ts";
import { isOrigin } from "./origin.ts";
import { secretUrl, whyNoAgentSecret } from "./agentSecrets.ts";
import { parseAllowedHost } from "./allowedHost.ts";
import { whyBadEntry } from "../protection/protect.ts";
import { DEFAULT_BRANCH_PATTERN, MAX_PATTERN, whyBadPattern } from "../domain/branchPattern.ts";

/**
 * The one description of `config.toml`: defaults, ranges and the sentences that the example file and the table in the
 * README are made from. Names of the first five `coordinator` keys, `[github]`, `[llm]` and `[worktree]` are those of
 * the older Python coordinator, so that its file works as it is.
 */

const OWNER = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98})$/;
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

const owner = z.string().regex(OWNER, "expected a GitHub user or organization, such as octo");
const name = z.string().regex(NAME, "expected a repository name without its owner, such as hello-world");
// GitHub splits a list of labels at commas, so one with a comma can't be asked for.
// Git's own rules, as far as a name could be taken for an option, a range or a pattern.
const BRANCH = /^(?![-/])[^\s~^:?*[\\]*$/;
const LINE = /^[^\n\r<>]*$/;

const label = z
  .string()
  .trim()
  .min(1)
  .max(50)
  .regex(/^[^,]*$/, "expected a label without a comma");
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const allowedHost = z
  .string()
  .max(300)
  .refine(
    (text) => parseAllowedHost(text) !== null,
    "expected a host such as registry.example.org, *.example.org:8443 or 10.1.2.3:8080, without a scheme or a path",
  );
const agentSecrets = z
  .record(
    z.string(),
    z
      .string()
      .max(500)
      .refine((text) => secretUrl(text) !== null, "expected a host or a URL, such as https://api.openai.com/v1"),
  )
  .superRefine((secrets, context) => {
    for (const name of Object.keys(secrets)) {
      const why = VARIABLE.test(name) ? whyNoAgentSecret(name) : "expected the name of an environment variable";
      if (why !== null) context.addIssue({ code: "custom", path: [name], message: why });
    }
  });
const shownPath = z
  .string()
  .min(2)
  .max(1000)
  .regex(/^(?:\/|~\/)[^\0]+$/, "expected an absolute path, or one that begins with ~/")
  .refine((path) => !path.split("/").includes(".."), "expected a path without ..");
const program = z.array(z.string().min(1)).min(1);

const branchPattern = z
  .string()
  .max(MAX_PATTERN)
  .superRefine((pattern, context) => {
    const why = whyBadPattern(pattern);
    if (why !== null) context.addIssue(why);
  });

const protectedEntries = z
  .array(
    z
      .string()
      .trim()
      .superRefine((entry, context) => {
        const why = whyBadEntry(entry);
        if (why !== null) context.addIssue(why);
      }),
  )
  .max(200);

const runnerLabel = z
  .string()
  .refine(isRunnerLabel, "expected lower-case letters, digits, dots, hyphens and underscores, 50 at most");

const repositoryKeys = {
  issue_label: label.default("rpi-auto").describe("The label that starts work on an issue."),
  base_branch: z
    .string()
    .max(200)
    .regex(BRANCH, "expected the name of a branch")
    .default("")
    .describe("Branch that pull requests go to. Empty: the repository's default branch, asked at each run."),
  branch: branchPattern
    .default(DEFAULT_BRANCH_PATTERN)
    .describe("Name of an issue's branch, with {number} in it; later branches of the issue get -2, -3 and so on."),
  draft: z
    .boolean()
    .default(false)
    .describe("Open pull requests as drafts, where the repository's plan has drafts; otherwise as plain ones."),
  runs_on: z
    .array(runnerLabel)
    .max(10)
    .default([])
    .describe("Labels that a runner must have for issues of this repository, beside those of runs-on: labels."),
};

export const sections = {
  coordinator: z.strictObject({
    max_concurrent_workers: z.int().min(1).max(64).default(3).describe("Agents at once, per runner."),
    poll_interval_seconds: z.number().min(1).max(3600).default(30).describe("Seconds between two looks at GitHub."),
    worker_timeout_hours: z.number().positive().max(168).default(2).describe("An agent that works longer is stopped."),
    stall_timeout_minutes: z
      .number()
      .positive()
      .max(1440)
      .default(15)
      .describe("An agent that says nothing for this long is stopped."),
    max_attempts: z.int().min(1).max(20).default(3).describe("Attempts per issue before it ends as failed."),
    shutdown_grace_seconds: z
      .number()
      .min(1)
      .max(600)
      .default(30)
      .describe("How long a runner that is stopped may take to save its work and requeue its job."),
    lock_seconds: z
      .number()
      .min(1)
      .max(3600)
      .default(120)
      .describe("How long a job stays a silent runner's. Smaller only for tests."),
    blocked_expires_days: z
      .number()
      .positive()
      .max(365)
      .default(14)
      .describe("A question without an answer ends the job after this many days."),
    breaker_failures: z
      .int()
      .min(0)
      .max(100)
      .default(5)
      .describe("So many runs in a row that fail alike hold the queue, until a single one goes through. 0: never."),
    backoff_factor: z
      .number()
      .min(0)
      .max(10)
      .default(1)
      .describe("Multiplies the waits between attempts. Smaller only for the demo and for tests."),
  }),
  runner: z.strictObject({
    name: z
      .string()
      .max(60)
      .regex(/^[\w.-]*$/, "expected letters, digits, dots, hyphens and underscores")
      .default("")
      .describe(
        "Name of this machine's runner in status, board and comments. Empty: the machine's host name. If another machine has the same name, the later one's gets a suffix. It is for people only.",
      ),
    labels: z
      .array(runnerLabel)
      .max(20)
      .default([])
      .describe(
        "Labels of this machine's runner. An issue with the label runs-on:big is worked on only where big is among them.",
      ),
  }),
  limits: z.strictObject({
    runs: z
      .int()
      .min(0)
      .max(10_000)
      .default(0)
      .describe("Jobs that are worked on at once, over all runners. 0: no limit but the runners' slots."),
    per_repository: z
      .record(z.string().regex(/^[^/\s]+\/[^/\s]+$/, "expected owner/repository"), z.int().min(1).max(10_000))
      .default({})
      .describe(
        "The same for a repository, by owner/repository. The limits on the scheduler's machine hold for all machines.",
      ),
    per_label: z
      .record(runnerLabel, z.int().min(1).max(10_000))
      .default({})
      .describe("The same for jobs that need a runner with this label."),
  }),
  github: z.strictObject({
    repo_owner: owner
      .optional()
      .describe("Owner of the repository to work on.")
      .meta({ examples: ["octo"] }),
    repo_name: name
      .optional()
      .describe("Its name.")
      .meta({ examples: ["hello-world"] }),
    app_id: z
      .int()
      .positive()
      .optional()
      .describe(
        "Id of a GitHub App to work as, made by tac8 init --app; its private key comes from the environment. Without: GITHUB_TOKEN.",
      )
      .meta({ examples: [123456] }),
    app_installation_id: z
      .int()
      .positive()
      .optional()
      .describe("Its installation. Without: the one that has the first repository.")
      .meta({ examples: [987654] }),
    ...repositoryKeys,
    api_url: z
      .url({ protocol: /^https?$/ })
      .default("https://api.github.com")
      .describe("GitHub's API; Enterprise server: https://HOST/api/v3; data residency: https://api.NAME.ghe.com."),
    label_working: label.default("rpi-working").describe("Label of an issue that an agent works on."),
    label_blocked: label.default("rpi-blocked").describe("Label of an issue that waits for an answer."),
    label_done: label.default("rpi-done").describe("Label of an issue that has its pull request."),
    label_answered: label
      .default("rpi-answered")
      .describe("Label of an issue whose agent changed nothing and explained why in a comment."),
    label_failed: label
      .default("rpi-failed")
      .describe("Label of an issue that ended without a pull request or an answer."),
    label_allow: label
      .default("rpi-allow")
      .describe("Label by which an account with write access allows that an issue's work is published as it is."),
    trusted_users: z
      .array(z.string().min(1).max(100))
      .default([])
      .describe(
        "Accounts whose labels and replies count although GitHub says that they cannot write, such as a bot's.",
      ),
    comments: z
      .enum(["trusted", "all"])
      .default("trusted")
      .describe(
        "Whose comments on an issue an agent is given. trusted: of accounts that can write to the repository or are in trusted_users, and what the issue's author wrote before the label was added; all: also what everybody else wrote before that.",
      ),
    write_interval_ms: z
      .int()
      .min(0)
      .max(60_000)
      .default(1000)
      .describe("Least time between two writes to GitHub, as GitHub asks for. 0 only for a server of your own."),
  }),
  llm: z.strictObject({
    provider: z
      .string()
      .regex(/^\w[\w.-]{0,49}$/, 'expected "claude", "command" or the name of a provider')
      .default("claude")
      .describe(
        '"claude" (or "claude-cli"): Claude Code. "command": any program, by command_template. Else: by [providers.NAME].',
      ),
    command: program.default(["claude"]).describe("The Claude Code program, with leading arguments if it needs any."),
    model_default: z.string().min(1).max(200).default("claude-sonnet-4-5").describe("The model that agents use."),
    max_usd_per_run: z
      .number()
      .min(0)
      .default(0)
      .describe("Stops a run that has cost more, in US dollars. 0: no limit."),
    max_usd_per_day: z
      .number()
      .min(0)
      .default(0)
      .describe(
        "No new agent starts on a day on which all runners' agents have cost so much, in US dollars as agents report it, and in a sandbox at least as its proxy counts it; what runs goes on. The day ends at midnight in the scheduler's time zone. 0: no limit.",
      ),
    max_runs_per_day: z
      .int()
      .min(0)
      .default(0)
      .describe(
        "The same by the number of agent runs that begin, such as for a subscription; one that uses no token does not count. 0: no limit.",
      ),
    command_template: program
      .optional()
      .describe('With provider = "command": the program and its arguments; {prompt_file} and {model} are filled in.')
      .meta({ examples: [["aider", "--yes", "--message-file", "{prompt_file}", "--model", "{model}"]] }),
  }),
  agent: z.strictObject({
    env: z
      .array(z.string().regex(VARIABLE, "expected the name of an environment variable"))
      .default([])
      .describe("Names of further environment variables that agents may see."),
    home: z
      .enum(["auto", "private", "shared"])
      .default("auto")
      .describe(
        '"private": agents of each issue have a home folder (HOME) of their own. "shared": that of tac8\'s user. "auto": private; without a login variable, or with a command_template, shared, and tac8 warns.',
      ),
    isolation: z
      .enum(["auto", "sandbox", "user", "none"])
      .optional()
      .describe(
        '"sandbox": each agent runs in a bubblewrap sandbox that has its own issue\'s files and no network but tac8\'s proxy. "user": agents of each issue run as a user of their own, by the launcher (service, container). "none": agents run as the user of tac8, unconfined. "auto": the sandbox, or the user where only that works; the runner does not start where neither does. Without the key: none, and tac8 warns.',
      )
      .meta({ examples: ["auto"] }),
    read: z
      .array(shownPath)
      .max(50)
      .default([])
      .describe("In the sandbox: further files and folders of this machine that agents may read, absolute or with ~/."),
    write: z
      .array(shownPath)
      .max(50)
      .default([])
      .describe("In the sandbox: further folders that agents may read and write."),
    nested_sandbox: z
      .boolean()
      .default(false)
      .describe(
        "In the sandbox: agents may make user namespaces, which the sandboxes of Chromium and Claude Code need.",
      ),
    allow_hosts: z
      .array(allowedHost)
      .max(500)
      .default([])
      .describe(
        'Unless isolation is none: hosts that agents may reach beside the model, package registries and github.com for reading; `*.example.org` for those below, `:port` for another port than 443 and 80, `*` for every public host. A private address only if it is listed itself, such as "10.1.2.3:8080".',
      ),
    secrets: agentSecrets
      .default({})
      .describe(
        'Variables with keys of other APIs, each with the host or URL that its key is for: { OPENAI_API_KEY = "https://api.openai.com/v1" }. Agents get a stand-in, and tac8 puts the key into requests to that URL; with isolation none they get the key.',
      ),
  }),
  protected: z.strictObject({
    block: protectedEntries
      .default(["@workflows", "@instructions"])
      .describe(
        "Changes to these files are not published until label_allow is on the issue: patterns of paths (*, **, ?), or @ and a group: @workflows, @instructions (of coding agents), @ci, @git, @editors, @packages.",
      ),
    flag: protectedEntries
      .default([])
      .describe("Changes to these files are named at the top of the pull request, as those of every group are."),
  }),
  worktree: z.strictObject({
    base_dir: z
      .string()
      .min(1)
      .max(500)
      .refine((dir) => !dir.split("/").includes(".."), "expected a path without ..")
      .default("trees")
      .describe("Folder of the worktrees, inside the repository's workspace folder; an absolute path puts them there."),
  }),
  git: z.strictObject({
    author_name: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(LINE, "expected one line without < and >")
      .default("tac8")
      .describe("Author of the commits that tac8 makes."),
    author_email: z
      .string()
      .trim()
      .min(3)
      .max(200)
      .regex(LINE, "expected one line without < and >")
      .default("tac8@localhost")
      .describe("Their address."),
  }),
  janitor: z.strictObject({
    keep_days_workspaces: z
      .number()
      .min(0)
      .max(3650)
      .default(14)
      .describe(
        "Workspaces and sessions of ended issues go after so many days; never with work that is not on GitHub.",
      ),
    keep_days_logs: z.number().min(0).max(3650).default(30).describe("Conversations' logs go after so many days."),
    min_free_gb: z
      .number()
      .min(0)
      .max(100_000)
      .default(2)
      .describe("With less free disk than this they go earlier, oldest first. 0: never."),
  }),
  host: z.strictObject({
    min_free_memory_mb: z
      .number()
      .min(0)
      .default(512)
      .describe("With less free memory a runner takes no new job. 0: no limit, as with all keys of this section."),
    min_free_disk_gb: z
      .number()
      .min(0)
      .default(1)
      .describe(
        "The same for the data folder's disk, and the worktrees'. With less than half of it, running agents end.",
      ),
    max_load_per_core: z.number().min(0).default(6).describe("The same for the load of the last minute, per core."),
    max_temperature_c: z.number().min(0).default(80).describe("The same for the temperature, where there is a sensor."),
    max_memory_mb_per_run: z
      .int()
      .min(0)
      .default(0)
      .describe("A run that uses more memory ends as out-of-memory; by the kernel where it can, and watched."),
    max_cpus_per_run: z
      .number()
      .min(0)
      .max(1024)
      .default(0)
      .describe("Cores that a run may use, such as 1.5. Where only whole ones can be set, rounded up."),
    max_processes_per_run: z
      .int()
      .min(0)
      .max(4_000_000)
      .optional()
      .describe(
        "Processes and threads of a run together; a run that starts more ends as process-limit. Without the key: 4096, or 256 for each core where that is more.",
      )
      .meta({ examples: [4096] }),
  }),
  notify: z.strictObject({
    blocked: z
      .boolean()
      .default(true)
      .describe("Notify when an agent asks a question. The environment names the addresses."),
    answered: z.boolean().default(true).describe("Notify when an agent changed nothing and answered."),
    failed: z.boolean().default(true).describe("Notify when an issue fails."),
    holds: z
      .boolean()
      .default(true)
      .describe("Notify when a hold begins and ends; if it begins and ends repeatedly, once in half an hour."),
    pull_requests: z.boolean().default(false).describe("Notify of each pull request."),
    daily_summary: z.boolean().default(true).describe("Send a summary of the day before once a day."),
    daily_summary_at: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected a time of day, such as 08:00")
      .default("08:00")
      .describe("Time of that summary, in the time zone of the scheduler's machine."),
  }),
  board: z.strictObject({
    host: z.string().min(1).max(255).default("127.0.0.1").describe("Address that the board listens on."),
    port: z.int().min(0).max(65_535).default(3000).describe("Its port. 0: any free one."),
    url: z
      .string()
      .max(300)
      .refine((url) => url === "" || isOrigin(url), "expected http://HOST:PORT or https://HOST, without a path")
      .default("")
      .describe("Address that people open, such as https://tac8.example.org behind a proxy. Empty: host and port."),
    allow_destructive: z
      .boolean()
      .default(false)
      .describe("Show Bull Board's buttons that empty, clean or delete whole queues."),
  }),
};

export const repositorySchema = z.strictObject({
  repo_owner: owner.describe("Owner of a further repository.").meta({ examples: ["octo"] }),
  repo_name: name.describe("Its name.").meta({ examples: ["spoon-knife"] }),
  issue_label: label
    .optional()
    .describe("As in [github]; default: what stands there.")
    .meta({ examples: ["rpi-auto"] }),
  base_branch: z
    .string()
    .max(200)
    .regex(BRANCH, "expected the name of a branch")
    .optional()
    .describe("As in [github]; default: the repository's own.")
    .meta({ examples: [""] }),
  branch: branchPattern
    .optional()
    .describe("As in [github]; default: what stands there.")
    .meta({ examples: [DEFAULT_BRANCH_PATTERN] }),
  draft: z
    .boolean()
    .optional()
    .describe("As in [github]; default: what stands there.")
    .meta({ examples: [false] }),
  runs_on: z
    .array(runnerLabel)
    .max(10)
    .optional()
    .describe("As in [github]; default: none.")
    .meta({ examples: [["big"]] }),
});

export const fileSchema = z.strictObject({
  coordinator: sections.coordinator.prefault({}),
  runner: sections.runner.prefault({}),
  limits: sections.limits.prefault({}),
  github: sections.github.prefault({}),
  repositories: z.array(repositorySchema).max(200).default([]),
  llm: sections.llm.prefault({}),
  agent: sections.agent.prefault({}),
  protected: sections.protected.prefault({}),
  worktree: sections.worktree.prefault({}),
  git: sections.git.prefault({}),
  janitor: sections.janitor.prefault({}),
  host: sections.host.prefault({}),
  notify: sections.notify.prefault({}),
  board: sections.board.prefault({}),
  ...olderTables,
});

export type ConfigFile = z.infer<typeof fileSchema>;
