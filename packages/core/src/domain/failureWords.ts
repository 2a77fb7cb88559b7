import type { FailureKind } from "./failures.ts";

// The words about each kind of failure. Those about holds: holdWords.ts.

/** Advice for users about each kind of failure: Markdown. */
export const ADVICE: Record<FailureKind, string> = {
  startup: "Run the agent's program by hand on the runner's machine to check that it starts.",
  agent: "`tac8 view` shows the conversation. Describe the issue more clearly, or split it into smaller issues.",
  timeout: "The run took longer than `worker_timeout_hours`: split the issue, or raise the limit.",
  stalled: "The agent wrote no output for `stall_timeout_minutes`: a program that it started may be waiting for input.",
  "out-of-memory": "The run used more memory than `max_memory_mb_per_run`: split the issue, or raise the limit.",
  "process-limit":
    "The run started more processes and threads than `max_processes_per_run`: a program may start copies of itself, or the limit is too low for the repository's build.",
  "disk-full":
    "The agent wrote more data than fits on the runner's disk: split the issue, describe in it which files not to write, or give the runner a larger disk (limit: `host.min_free_disk_gb`).",
  "usage-limit": "Wait until the limit is reset. If the account has no credit left, add credit.",
  auth: "Sign the agent in again, or set a valid key.",
  model: "Wait until the model's service is available again, see status.claude.com. Check the network and the proxy.",
  github: "Check whether GitHub has an outage.",
  refused: "The reason of the failure says what to change.",
  untrusted: "Work starts when an account with write access to this repository adds the label.",
  edited:
    "Review the current title and body of the issue. To approve them, add the label again: the agent then works with this text.",
  git: "Inspect the workspace on the runner's machine.",
  disk: "Free up disk space on the runner's machine: work then continues automatically.",
  "no-changes": "If there is work to do, describe in the issue what is missing.",
  budget:
    "Work continues automatically at midnight. To continue earlier, raise `llm.max_usd_per_day` or `llm.max_runs_per_day`.",
  unfinished:
    "Each time, the agent ended while a task was still open or planned for later: see `tac8 view`. Split the issue.",
  lost: "Find out why the runner ended: its machine may have run out of memory or lost power, or a command of the agent (`pkill`, `killall`) may have killed it. `tac8 view` shows the commands of each run.",
};

/** Meaning of each kind of failure: Markdown, for `docs/failures.md`. */
export const MEANING: Record<FailureKind, string> = {
  startup: "The agent's program could not be started, or exited within 10 seconds without a result.",
  agent:
    "The agent failed: it crashed or was killed, used up its turns or its budget, got a refusal from the model, left merge conflicts, or ended without any output or tool call.",
  timeout: "The agent ran longer than `worker_timeout_hours`.",
  stalled: "The agent wrote no output for `stall_timeout_minutes`.",
  "out-of-memory":
    "The run's processes used more than `max_memory_mb_per_run`, or the kernel killed the agent because memory ran out. A SIGKILL from any other source is `agent`.",
  "process-limit":
    "The run had more processes and threads at the same time than `max_processes_per_run`, for example because of a fork bomb.",
  "disk-full":
    "While the agent was running, the runner's disk had less than half of `host.min_free_disk_gb` free. This run had written the most data of all runs on that disk, so its agent was stopped. If disk space is still low, generated files are removed from the worktree; the reason lists them.",
  "usage-limit": "The account at the model's provider has reached its limit (429) or has no credit left.",
  auth: "The model's provider rejects the login or key because it is expired, revoked, suspended or not permitted (401, 403).",
  model:
    "The model's service does not respond or reports that it is overloaded: 408, 500 to 599, no connection, a DNS failure, a timeout, or a run that was stopped while it waited for a response.",
  github: "GitHub is unreachable, or its rate limit is reached.",
  refused:
    "GitHub rejects the request because of the token, its permissions, a rule of the repository, or the content of the push.",
  git: "A git command failed. An unexpected error of tac8 also has this name.",
  disk: "The disk of the runner's machine is full: tac8 itself cannot write files or run git, or its data folder is missing, unreadable or read-only. A disk that an agent fills is `disk-full`.",
  "no-changes":
    "The agent finished without an error, a change or an answer. With an answer, the issue ends as `answered`.",
  untrusted: "The label was added by an account without write access to the repository.",
  edited:
    "After the label was added, an account without write access to the repository edited the issue's title or body.",
  unfinished:
    "The agent ended its turn with unfinished work: it planned a later turn, left a task or sub-agent in the background, or its turn was cut off.",
  budget: "The day's budget (`max_usd_per_day`, `max_runs_per_day`) is used up.",
  lost: "The runner crashed, was stopped, or lost its connection to Redis during the run.",
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
