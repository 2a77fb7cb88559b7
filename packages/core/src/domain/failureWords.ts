import type { FailureKind } from "./failures.ts";

// The words about each kind of failure. Those about holds: holdWords.ts.

/** What a person can do about a failure of each kind: Markdown. */
export const ADVICE: Record<FailureKind, string> = {
  startup: "Check on the runner's machine that the agent's program starts: run it there by hand.",
  agent: "The runner's log has the whole conversation; the issue may need to be said more clearly, or to be smaller.",
  timeout: "It took longer than `worker_timeout_hours`: make the issue smaller, or the limit larger.",
  stalled: "The agent said nothing for `stall_timeout_minutes`: something it started may wait for input.",
  "out-of-memory": "It used more memory than `max_memory_mb_per_run`: make the issue smaller, or the limit larger.",
  "process-limit":
    "It started more processes and threads than `max_processes_per_run`: something in it may start itself again and again, or the limit is too small for the repository's build.",
  "disk-full":
    "The agent wrote more than the runner's disk has room for: make the issue smaller, say in it what not to write, or give the runner a larger disk (limit: `host.min_free_disk_gb`).",
  "usage-limit": "Wait until the limit is reset; where the account has no credit left, add some.",
  auth: "Log the agent's program in again, or give it a valid key.",
  model: "Wait until the model's service is available again, see status.claude.com; check the network and the proxy.",
  github: "See whether GitHub has an outage.",
  refused: "The reason above says what to change.",
  untrusted: "Work starts when an account that can write to this repository puts the label on.",
  edited:
    "Read the issue's title and body as they are now. If the work is still wanted, add the label again: then they count as they are.",
  git: "Look at the workspace on the runner's machine.",
  disk: "Make space on the disk of the runner's machine: it goes on by itself.",
  "no-changes": "If something is to be done here, say in the issue what is missing.",
  budget: "It goes on by itself at midnight; or raise `llm.max_usd_per_day` or `llm.max_runs_per_day`.",
  unfinished:
    "The agent left something running, or planned to continue later, and ended each time: `tac8 view` shows what. Make the issue smaller.",
  lost: "See why the runner ended: its machine may be out of memory or lose power, or a command of the agent (`pkill`, `killall`) ended it. The runs' conversations show the commands (`tac8 view`).",
};

/** When a run ends so: Markdown, for `docs/failures.md`. */
export const MEANING: Record<FailureKind, string> = {
  startup: "The agent's program could not be started, or ended within 10 seconds without a result.",
  agent:
    "The agent ended with an error of its own: it crashed or was killed, used up its turns or its budget, was refused an answer by the model, left merge conflicts, or ended without a word or a tool call.",
  timeout: "The agent worked for longer than `worker_timeout_hours`.",
  stalled: "The agent printed nothing for `stall_timeout_minutes`.",
  "out-of-memory":
    "The run's processes used more than `max_memory_mb_per_run`, or the kernel killed the agent because memory ran out. A SIGKILL from anywhere else is `agent`.",
  "process-limit": "The run had more processes and threads at once than `max_processes_per_run`: a fork bomb, say.",
  "disk-full":
    "While the agent worked, the runner's disk had less than half of `host.min_free_disk_gb` free, and of the runs there this one had written the most: the agent was ended. If the disk is still short of space, generated files of its worktree are removed; the reason names them.",
  "usage-limit": "The limit of the account with the model's provider is reached (429), or it has no credit left.",
  auth: "The model's provider does not accept the login or key: expired, revoked, on hold, not allowed (401, 403).",
  model:
    "The model's service does not answer, or says that it is overloaded: 408, 500 to 599, no connection, no name, a time-out, or a run that was stopped while it waited for an answer.",
  github: "GitHub or the network to it is out of reach, or GitHub's rate limit is reached.",
  refused: "GitHub refuses the request: the token, its permissions, a rule of the repository, or what was pushed.",
  git: "A git command failed, or something that tac8 did not expect.",
  disk: "The disk of the runner's machine is full: tac8's own git or files find no space on it, or its data folder is missing or cannot be read or written. An agent that fills the disk is `disk-full`.",
  "no-changes":
    "The agent finished well, changed nothing, and said nothing. With an answer the issue ends as `answered`.",
  untrusted: "The label was put on by an account that cannot write to the repository.",
  edited:
    "After the label had been added, an account that cannot write to the repository edited the issue's title or body.",
  unfinished:
    "The agent ended its turn with something left open: it planned a later turn, left a task or sub-agent in the background, or its turn was cut off.",
  budget: "The day's budget (`max_usd_per_day`, `max_runs_per_day`) is used up.",
  lost: "The runner died, was stopped, or lost its connection to Redis during the run.",
};

/** What a run that failed so waits for; null: it does not wait for anything outside. Completes `It waits for …`. */
export const WAITS_FOR: Record<FailureKind, string | null> = {
  startup: null,
  agent: null,
  timeout: null,
  stalled: null,
  "out-of-memory": null,
  "process-limit": null,
  "disk-full": null,
  "usage-limit": "the agent's usage limit to be reset",
  auth: "the agent's login to work",
  model: "the model's service to answer",
  github: "GitHub to be reachable",
  refused: "GitHub to let us in again",
  untrusted: null,
  edited: null,
  git: null,
  disk: "space on the runner's disk",
  "no-changes": null,
  budget: "the next day's budget",
  unfinished: null,
  lost: null,
};
