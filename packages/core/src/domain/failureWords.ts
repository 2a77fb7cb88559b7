import type { FailureKind } from "./failures.ts";

// The words about each kind of failure. Those about holds: holdWords.ts.

/** Advice for users about each kind of failure: Markdown. */
export const ADVICE: Record<FailureKind, string> = {
  startup: "Start the agent's program by hand on the runner's machine.",
  agent: "`tac8 view` shows the conversation. Describe the issue more clearly, or split it into smaller issues.",
  timeout: "Split the issue, or raise `worker_timeout_hours`.",
  stalled:
    "A program that the agent started may be waiting for input: see `tac8 view`. If the program needs longer, raise `stall_timeout_minutes`.",
  "out-of-memory": "Split the issue, or raise `max_memory_mb_per_run`.",
  "process-limit":
    "A program may start copies of itself: see `tac8 view`. If the build needs more processes, raise `max_processes_per_run`.",
  "disk-full": "Split the issue, describe in it which files not to write, or give the runner a larger disk.",
  "usage-limit": "Wait until the limit is reset. If the account has no credit left, add credit.",
  auth: "Sign the agent in again, or set a valid key.",
  model: "Wait until the model's service is available again (status.claude.com). Check the network and the proxy.",
  github: "Check whether GitHub has an outage (githubstatus.com).",
  refused: "The reason of the failure says what to change.",
  untrusted: "Work starts when an account with write access to this repository adds the label.",
  edited: "Review the issue's title and body. To approve them, add the label again.",
  git: "Inspect the workspace on the runner's machine.",
  disk: "Free up disk space on the runner's machine. Work then continues automatically.",
  "no-changes": "If there is work to do, describe in the issue what is missing.",
  budget:
    "Work continues automatically at midnight. To continue earlier, raise `llm.max_usd_per_day` or `llm.max_runs_per_day`.",
  unfinished: "`tac8 view` shows which task was open. Split the issue.",
  lost: "Find out why the runner ended: its machine may have run out of memory or lost power, or a command of the agent (`pkill`, `killall`) may have killed it. `tac8 view` shows the commands of each run.",
};

/** Meaning of each kind of failure: Markdown, for `docs/failures.md`. */
export const MEANING: Record<FailureKind, string> = {
  startup: "The agent's program could not be started, or exited within 10 seconds without a result.",
  agent:
    "The agent crashed, was killed, used up its turns or its budget, got a refusal from the model, left merge conflicts, or ended without any output or tool call.",
  timeout: "The agent ran longer than `worker_timeout_hours`.",
  stalled: "The agent wrote no output for `stall_timeout_minutes`.",
  "out-of-memory":
    "The run used more memory than `max_memory_mb_per_run`, or the kernel killed the agent because memory ran out.",
  "process-limit":
    "The run had more processes and threads than `max_processes_per_run`, for example because of a fork bomb.",
  "disk-full":
    "This run's agent has filled the disk: less than half of `host.min_free_disk_gb` was free, and this run had written the most data (in mode `user`: had started last), so its agent was stopped. If space is still low, tac8 removes generated files from the worktree.",
  "usage-limit": "The account at the model's provider has reached its limit (429), or has no credit left.",
  auth: "The model's provider rejects the login or key (401, 403).",
  model:
    "The model's service does not respond, or reports that it is overloaded: 408, 500 to 599, no connection, a timeout.",
  github:
    "GitHub is unreachable, or its rate limit is reached. Also the name for a job that waits because GitHub does not report yet who added the label, or because another runner has its finished work.",
  refused:
    "GitHub rejects a request because of the token, its permissions, a rule of the repository, or the content of the push.",
  git: "A git command failed, or tac8 had an unexpected error. The reason of the latter starts with `unexpected:`.",
  disk: "tac8 itself cannot use its disk, whatever the cause: the disk is full, or the data folder is missing, unreadable or read-only.",
  "no-changes": "The agent finished without an error, but also without a change or an answer.",
  untrusted: "An account without write access added the label.",
  edited: "An account without write access edited the issue's title or body after the label was added.",
  unfinished:
    "The agent ended its turn with open work: a turn planned for later, a task or sub-agent in the background, or a turn that was cut off.",
  budget: "The day's budget (`max_usd_per_day`, `max_runs_per_day`) is used up.",
  lost: "The runner crashed, was killed, or lost its connection to Redis during the run. An orderly shutdown counts [only in part](#lost-runs).",
};

/** External condition that an issue waits for after a failure of this kind; null: none. Completes `It waits for …`. */
export const WAITS_FOR: Record<FailureKind, string | null> = {
  startup: null,
  agent: null,
  timeout: null,
  stalled: null,
  "out-of-memory": null,
  "process-limit": null,
  "disk-full": null,
  "usage-limit": "the reset of the agent's usage limit",
  auth: "a valid login of the agent",
  model: "the model's service to respond",
  github: "GitHub to be reachable",
  refused: "GitHub to accept the token again",
  untrusted: null,
  edited: null,
  git: null,
  disk: "free disk space on the runner",
  "no-changes": null,
  budget: "the next day's budget",
  unfinished: null,
  lost: null,
};
