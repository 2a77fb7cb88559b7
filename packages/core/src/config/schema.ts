import { z } from "zod";
import { isRunnerLabel } from "../domain/placement.ts";
import { olderTables } from "./older.ts";
import { isOrigin } from "./origin.ts";
import { secretUrl, whyNoAgentSecret } from "./agentSecrets.ts";
import { parseAllowedHost } from "./allowedHost.ts";
import { whyBadEntry } from "../protection/protect.ts";
import { DEFAULT_BRANCH_PATTERN, MAX_PATTERN, whyBadPattern } from "../domain/branchPattern.ts";

/**
 * The schema of `config.toml`: defaults, ranges, and the descriptions from which the example file and `docs/configuration.md` are generated.
 * The first five `coordinator` keys, `[github]`, `[llm]` and `[worktree]` have the names of the older Python coordinator, so that its file
 * works unchanged.
 */

const OWNER = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98})$/;
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

const owner = z.string().regex(OWNER, "expected a GitHub user or organization, such as octo");
const name = z.string().regex(NAME, "expected a repository name without its owner, such as hello-world");
// The subset of git's rules that excludes options, ranges and patterns.
const BRANCH = /^(?![-/])[^\s~^:?*[\\]*$/;
const LINE = /^[^\n\r<>]*$/;

// GitHub splits a list of labels at commas, so a label must not contain one.
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
  issue_label: label.default("rpi-auto").describe("Label that starts work on an issue."),
  base_branch: z
    .string()
    .max(200)
    .regex(BRANCH, "expected the name of a branch")
    .default("")
    .describe("Target branch of pull requests. Empty: the repository's default branch."),
  branch: branchPattern
    .default(DEFAULT_BRANCH_PATTERN)
    .describe(
      "Pattern for the names of branches; must contain {number}. Further branches of an issue end in -2, -3 and so on.",
    ),
  draft: z.boolean().default(false).describe("Open pull requests as drafts, if the repository's plan has drafts."),
  runs_on: z
    .array(runnerLabel)
    .max(10)
    .default([])
    .describe("Labels that a runner must have for every issue of this repository."),
};

export const sections = {
  coordinator: z.strictObject({
    max_concurrent_workers: z
      .int()
      .min(1)
      .max(64)
      .default(3)
      .describe("Slots of each runner: the maximum number of agents at the same time."),
    poll_interval_seconds: z.number().min(1).max(3600).default(30).describe("Seconds between two polls of GitHub."),
    worker_timeout_hours: z.number().positive().max(168).default(2).describe("Stop an agent after this many hours."),
    stall_timeout_minutes: z
      .number()
      .positive()
      .max(1440)
      .default(15)
      .describe("Stop an agent that prints nothing for this many minutes."),
    max_attempts: z.int().min(1).max(20).default(3).describe("Maximum number of attempts per issue."),
    shutdown_grace_seconds: z
      .number()
      .min(1)
      .max(600)
      .default(30)
      .describe("Seconds that a stopping runner has to save its work and requeue its jobs."),
    lock_seconds: z
      .number()
      .min(1)
      .max(3600)
      .default(120)
      .describe(
        "Seconds after which another runner may process the job of an unreachable runner. Use smaller values only in tests.",
      ),
    blocked_expires_days: z
      .number()
      .positive()
      .max(365)
      .default(14)
      .describe("End the work on an issue that has waited this many days for a reply or a permission."),
    breaker_failures: z
      .int()
      .min(0)
      .max(100)
      .default(5)
      .describe(
        "Hold the queue after this many consecutive runs, of at least two issues, failed with the same error. 0: never.",
      ),
    backoff_factor: z.number().min(0).max(10).default(1).describe("Factor for the delays between attempts, for tests."),
  }),
  runner: z.strictObject({
    name: z
      .string()
      .max(60)
      .regex(/^[\w.-]*$/, "expected letters, digits, dots, hyphens and underscores")
      .default("")
      .describe("Name of this machine's runner. Empty: the host name."),
    labels: z
      .array(runnerLabel)
      .max(20)
      .default([])
      .describe(
        "Labels of this machine's runner. Issues with the label runs-on:big run only on runners with the label big.",
      ),
  }),
  limits: z.strictObject({
    runs: z.int().min(0).max(10_000).default(0).describe("All runs together. 0: no limit."),
    per_repository: z
      .record(z.string().regex(/^[^/\s]+\/[^/\s]+$/, "expected owner/repository"), z.int().min(1).max(10_000))
      .default({})
      .describe('Runs per repository, such as { "octo/hello" = 2 }.'),
    per_label: z
      .record(runnerLabel, z.int().min(1).max(10_000))
      .default({})
      .describe("Runs per runner label, such as { big = 1 }."),
  }),
  github: z.strictObject({
    repo_owner: owner
      .optional()
      .describe("Owner of the repository: a user or an organization.")
      .meta({ examples: ["octo"] }),
    repo_name: name
      .optional()
      .describe("Name of the repository, without its owner.")
      .meta({ examples: ["hello-world"] }),
    app_id: z
      .int()
      .positive()
      .optional()
      .describe("Id of the GitHub App that tac8 uses instead of GITHUB_TOKEN. tac8 init --app creates an App.")
      .meta({ examples: [123456] }),
    app_installation_id: z
      .int()
      .positive()
      .optional()
      .describe("Id of the App's installation. Without this key: that of the first repository.")
      .meta({ examples: [987654] }),
    ...repositoryKeys,
    api_url: z
      .url({ protocol: /^https?$/ })
      .default("https://api.github.com")
      .describe(
        "URL of GitHub's API. GitHub Enterprise Server: https://HOST/api/v3. Data residency: https://api.NAME.ghe.com.",
      ),
    label_working: label.default("rpi-working").describe("Label for an issue that an agent is working on."),
    label_blocked: label.default("rpi-blocked").describe("Label for an issue that waits for a reply or a permission."),
    label_done: label.default("rpi-done").describe("Label for an issue that has its pull request."),
    label_answered: label
      .default("rpi-answered")
      .describe("Label for an issue that needed no change: the agent's answer is a comment."),
    label_failed: label
      .default("rpi-failed")
      .describe("Label for an issue that failed, or got no reply or permission in time."),
    label_allow: label
      .default("rpi-allow")
      .describe("Label that permits the publication of withheld work, if an account with write access adds it."),
    trusted_users: z
      .array(z.string().min(1).max(100))
      .default([])
      .describe("Accounts, such as bots, that count as accounts with write access."),
    comments: z
      .enum(["trusted", "all"])
      .default("trusted")
      .describe(
        'Comments that agents get. "trusted": those of accounts with write access, and those that the issue\'s author wrote before the label was added. "all": also those that others wrote before the label was added.',
      ),
    write_interval_ms: z
      .int()
      .min(0)
      .max(60_000)
      .default(1000)
      .describe("Minimum milliseconds between two write requests to GitHub, which asks for 1000."),
  }),
  llm: z.strictObject({
    provider: z
      .string()
      .regex(/^\w[\w.-]{0,49}$/, 'expected "claude", "command" or the name of a provider')
      .default("claude")
      .describe(
        'The agent\'s program. "claude": Claude Code. "command": the program in command_template. Any other NAME: the program in [providers.NAME].',
      ),
    command: program
      .default(["claude"])
      .describe('Program of Claude Code, and its first arguments, for provider = "claude".'),
    model_default: z.string().min(1).max(200).default("claude-sonnet-4-5").describe("Model that agents use."),
    max_usd_per_run: z
      .number()
      .min(0)
      .default(0)
      .describe("Stop a run that costs more than this, in US dollars. 0: no limit."),
    max_usd_per_day: z
      .number()
      .min(0)
      .default(0)
      .describe(
        "Start no new agent after agents have cost this much today, in US dollars. Running agents continue. The day ends at midnight in the scheduler's time zone. 0: no limit.",
      ),
    max_runs_per_day: z
      .int()
      .min(0)
      .default(0)
      .describe(
        "Start no new agent after this many agent runs today. Runs of Claude Code that used no model tokens do not count. 0: no limit.",
      ),
    command_template: program
      .optional()
      .describe(
        'Program and arguments for provider = "command". tac8 replaces {prompt_file}, {model} and {output_file}.',
      )
      .meta({ examples: [["aider", "--yes", "--message-file", "{prompt_file}", "--model", "{model}"]] }),
  }),
  agent: z.strictObject({
    env: z
      .array(z.string().regex(VARIABLE, "expected the name of an environment variable"))
      .default([])
      .describe("Names of additional environment variables that agents get."),
    home: z
      .enum(["auto", "private", "shared"])
      .default("auto")
      .describe(
        'Home folder of agents without isolation. "private": one per issue. "shared": that of tac8\'s user. "auto": private for Claude Code with a key or token, otherwise shared. With isolation: private; "shared" is refused.',
      ),
    isolation: z
      .enum(["auto", "sandbox", "user", "none"])
      .optional()
      .describe(
        'Isolation of agents. "sandbox": a sandbox, with the network only through tac8\'s proxy. "user": a separate Unix user per issue, in containers and services. "auto": sandbox if possible, otherwise user. "none": no isolation. Without this key: the same, with a warning.',
      )
      .meta({ examples: ["auto"] }),
    read: z
      .array(shownPath)
      .max(50)
      .default([])
      .describe(
        "Additional files and folders that agents in a sandbox can read: absolute paths, or paths that start with ~/.",
      ),
    write: z
      .array(shownPath)
      .max(50)
      .default([])
      .describe(
        "Additional folders that agents in a sandbox can read and write. All issues share them, and tac8 never cleans them up. A folder with programs of the PATH or of tac8 is read-only.",
      ),
    nested_sandbox: z
      .boolean()
      .default(false)
      .describe("Allow programs in a sandbox to create their own sandboxes, which Chromium needs."),
    allow_hosts: z
      .array(allowedHost)
      .max(500)
      .default([])
      .describe(
        'Additional hosts that isolated agents can reach: HOST (ports 443 and 80), HOST:PORT, *.example.org (all subdomains) or * (every public host). List private addresses one by one, such as "10.1.2.3:8080".',
      ),
    secrets: agentSecrets
      .default({})
      .describe(
        'Variables with keys of other APIs, and the URL that each key is for: { OPENAI_API_KEY = "https://api.openai.com/v1" }. Isolated agents get a placeholder; tac8 inserts the key into requests to that URL. Without isolation, agents get the key.',
      ),
  }),
  protected: z.strictObject({
    block: protectedEntries
      .default(["@workflows", "@instructions"])
      .describe(
        "Withhold changes to these files until the issue gets the label github.label_allow. Path patterns (*, **, ?), or groups: @workflows, @instructions, @ci, @git, @editors, @packages (docs/security.md).",
      ),
    flag: protectedEntries
      .default([])
      .describe(
        "List changes to these files at the top of the pull request, in addition to the files of all groups. Path patterns.",
      ),
  }),
  worktree: z.strictObject({
    base_dir: z
      .string()
      .min(1)
      .max(500)
      .refine((dir) => !dir.split("/").includes(".."), "expected a path without ..")
      .default("trees")
      .describe("Folder of the worktrees: absolute, or relative to workspaces/OWNER/REPOSITORY in the data folder."),
  }),
  git: z.strictObject({
    author_name: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(LINE, "expected one line without < and >")
      .default("tac8")
      .describe("Name of the author."),
    author_email: z
      .string()
      .trim()
      .min(3)
      .max(200)
      .regex(LINE, "expected one line without < and >")
      .default("tac8@localhost")
      .describe("Email address of the author."),
  }),
  janitor: z.strictObject({
    keep_days_workspaces: z
      .number()
      .min(0)
      .max(3650)
      .default(14)
      .describe(
        "Remove workspaces and sessions of ended issues after this many days. Work that is not on GitHub is kept.",
      ),
    keep_days_logs: z
      .number()
      .min(0)
      .max(3650)
      .default(30)
      .describe("Remove the logs of conversations after this many days."),
    min_free_gb: z
      .number()
      .min(0)
      .max(100_000)
      .default(2)
      .describe(
        "Remove workspaces and logs earlier, oldest first, when less than this disk space is free, in GB, or health reports low disk space. 0: never.",
      ),
  }),
  host: z.strictObject({
    min_free_memory_mb: z
      .number()
      .min(0)
      .default(512)
      .describe("Start no new job with less free memory than this, in MB."),
    min_free_disk_gb: z
      .number()
      .min(0)
      .default(1)
      .describe(
        "Start no new job with less free disk space than this, in GB, in the data folder or the worktrees' folder. Below half of it, stop an agent: the one that has written the most, or in mode user the newest.",
      ),
    max_load_per_core: z
      .number()
      .min(0)
      .default(6)
      .describe("Start no new job when the load average per core is higher than this."),
    max_temperature_c: z
      .number()
      .min(0)
      .default(80)
      .describe("Start no new job when the machine is hotter than this, in °C. Ignored without a sensor."),
    max_memory_mb_per_run: z.int().min(0).default(0).describe("Stop a run that uses more memory than this, in MB."),
    max_cpus_per_run: z
      .number()
      .min(0)
      .max(1024)
      .default(0)
      .describe("Maximum number of CPU cores for a run, such as 1.5."),
    max_processes_per_run: z
      .int()
      .min(0)
      .max(4_000_000)
      .optional()
      .describe(
        "Stop a run with more processes and threads than this. Without this key: 4096, or 256 per core if that is more.",
      )
      .meta({ examples: [4096] }),
  }),
  notify: z.strictObject({
    blocked: z.boolean().default(true).describe("An issue waits for a reply or a permission."),
    answered: z.boolean().default(true).describe("An agent answers without a change."),
    failed: z.boolean().default(true).describe("An issue fails."),
    holds: z.boolean().default(true).describe("A hold begins or ends."),
    pull_requests: z.boolean().default(false).describe("A pull request is opened."),
    daily_summary: z.boolean().default(true).describe("Send a summary of the previous day."),
    daily_summary_at: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected a time of day, such as 08:00")
      .default("08:00")
      .describe("Time of the daily summary, in the scheduler's time zone."),
  }),
  board: z.strictObject({
    host: z.string().min(1).max(255).default("127.0.0.1").describe("Address that the board listens on."),
    port: z.int().min(0).max(65_535).default(3000).describe("Port that the board listens on. 0: any free port."),
    url: z
      .string()
      .max(300)
      .refine((url) => url === "" || isOrigin(url), "expected http://HOST:PORT or https://HOST, without a path")
      .default("")
      .describe("Public URL of the board, such as https://tac8.example.org. Empty: http://HOST:PORT."),
    allow_destructive: z
      .boolean()
      .default(false)
      .describe("Show buttons on the page /queues that empty, clean or delete whole queues."),
  }),
};

/** Description of each table of the file, in one line. */
export const TABLES: Readonly<Record<keyof typeof sections | "repositories", string>> = {
  coordinator: "Agents, timeouts and attempts. A worker is an agent.",
  runner: "This machine's runner.",
  limits:
    "Maximum number of runs at the same time, on all runners together. The values of the scheduler's machine apply. Set the same on all machines, because another scheduler may take over.",
  github: "The repository, and the labels that tac8 uses.",
  repositories: "More repositories: one table [[repositories]] each. The keys have the same meaning as in [github].",
  llm: "The agent's program, its model, and limits for its cost.",
  agent: "Environment and isolation of agents.",
  protected: "Files whose changes need a permission, or a note in the pull request.",
  worktree: "Location of the worktrees.",
  git: "Author of the commits that tac8 creates.",
  janitor: "How long the data of ended issues is kept.",
  host: "Limits of this machine, and of each of its runs. 0: no limit.",
  notify: "Events to notify about. TAC8_SLACK_URL, TAC8_NTFY_URL and TAC8_WEBHOOK_URL set the targets.",
  board: "Address of the board, and what it shows.",
};

export const repositorySchema = z.strictObject({
  repo_owner: owner.describe("Owner of the repository.").meta({ examples: ["octo"] }),
  repo_name: name.describe("Name of the repository.").meta({ examples: ["spoon-knife"] }),
  issue_label: label
    .optional()
    .describe("Default: the value in [github].")
    .meta({ examples: ["rpi-auto"] }),
  base_branch: z
    .string()
    .max(200)
    .regex(BRANCH, "expected the name of a branch")
    .optional()
    .describe("Default: the repository's default branch.")
    .meta({ examples: [""] }),
  branch: branchPattern
    .optional()
    .describe("Default: the value in [github].")
    .meta({ examples: [DEFAULT_BRANCH_PATTERN] }),
  draft: z
    .boolean()
    .optional()
    .describe("Default: the value in [github].")
    .meta({ examples: [false] }),
  runs_on: z
    .array(runnerLabel)
    .max(10)
    .optional()
    .describe("Default: none.")
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
