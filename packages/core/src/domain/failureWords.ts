import type { FailureKind } from "./failures.ts";

// The words about each kind of failure. Those about holds: holdWords.ts.

/** Advice for users about each kind of failure: Markdown. */
export const ADVICE: Record<FailureKind, string> = {
  startup: "Start the agent's program by hand on the runner's machine.",
  agent: "See `tac8 view`. Describe the issue more clearly, or split it.",
  timeout: "Split the issue, or raise `worker_timeout_hours`.",
  stalled: "See `tac8 view`: a program may wait for input. If it needs longer, raise `stall_timeout_minutes`.",
  "out-of-memory": "Split the issue, or raise `max_memory_mb_per_run`.",
  "process-limit":
    "See `tac8 view`: a program may start copies of itself. If the build needs more processes, raise `max_processes_per_run`.",
  "disk-full": "Split the issue, or give the runner a larger disk.",
  "usage-limit": "Wait until the limit is reset. If the account has no credit left, add credit.",
  auth: "Sign the agent in again, or set a valid key.",
  model: "See status.claude.com. Check the network and the proxy.",
  github: "See githubstatus.com. Check the network and the proxy.",
  refused: "The reason of the failure says what to change.",
  untrusted: "Add the label with an account that has write access.",
  edited: "Review the issue's title and body, and add the label again.",
  git: "Inspect the workspace on the runner's machine.",
  disk: "Free up disk space on the runner's machine, or repair the data folder.",
  "no-changes": "If there is work to do, describe in the issue what is missing.",
  budget: "To continue before midnight, raise `max_usd_per_day` or `max_runs_per_day`.",
  unfinished: "See `tac8 view`. Split the issue.",
  lost: "Find out why the runner ended: for example, its machine ran out of memory, or a command of the agent (`pkill`) killed it (see `tac8 view`).",
};

/** Meaning of each kind of failure: Markdown, for `docs/failures.md`. */
export const MEANING: Record<FailureKind, string> = {
  startup: "The agent's program could not be started, or exited within 10 seconds without a result.",
  agent:
    "The agent crashed, was killed, reached its turn or cost limit, was refused by the model, left merge conflicts, or produced nothing.",
  timeout: "The agent ran longer than `worker_timeout_hours`.",
  stalled: "The agent printed nothing for `stall_timeout_minutes`.",
  "out-of-memory":
    "The run used more memory than `max_memory_mb_per_run`, or the kernel killed the agent because memory ran out.",
  "process-limit": "The run had more processes and threads than `max_processes_per_run`.",
  "disk-full":
    "Less than half of `min_free_disk_gb` was free, and this run had written the most data (in mode `user`: had started last).",
  "usage-limit": "The account at the model's provider has reached its limit (429), or has no credit left.",
  auth: "The model's provider rejects the login or key (401, 403).",
  model: "The model's service does not respond or is overloaded (408, 500 to 599).",
  github:
    "GitHub is unreachable, or its rate limit is reached. Also: the job waits for GitHub's report of who added the label, or for a runner that has its finished work.",
  refused: "GitHub rejects the token, or a request of tac8.",
  git: "A git command failed, or tac8 had an unexpected error (`unexpected:`).",
  disk: "tac8 cannot use its disk: it is full, or the data folder is missing, unreadable or read-only.",
  "no-changes": "The agent finished without a change or an answer.",
  untrusted: "An account without write access added the label.",
  edited: "An account without write access edited the issue's title or body after the label was added.",
  unfinished: "The agent ended its turn with open work, such as a background task.",
  budget: "The day's budget (`max_usd_per_day`, `max_runs_per_day`) is used up.",
  lost: "[Too many runs in a row](#lost-runs) ended because their runner ended.",
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
