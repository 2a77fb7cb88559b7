import type { FailureKind } from "./failures.ts";

/** What a person can do about a failure of each kind: Markdown. */
export const ADVICE: Record<FailureKind, string> = {
  startup: "Check on the runner's machine that the agent's program starts: run it there by hand.",
  agent: "The runner's log has the whole conversation; the issue may need to be said more clearly, or to be smaller.",
  timeout: "It took longer than `worker_timeout_hours`: make the issue smaller, or the limit larger.",
  stalled: "The agent said nothing for `stall_timeout_minutes`: something it started may wait for input.",
  "out-of-memory": "It used more memory than `max_memory_mb_per_run`: make the issue smaller, or the limit larger.",
  "usage-limit": "Wait until the limit is reset; where the account has no credit left, add some.",
  auth: "Log the agent's program in again, or give it a valid key.",
  model: "Wait until the model's service is well again, see status.claude.com; check the network and the proxy.",
  github: "See whether GitHub has an outage.",
  refused: "The reason above says what to change.",
  git: "Look at the workspace on the runner's machine.",
  disk: "Make space on the disk of the runner's machine: it goes on by itself.",
  "no-changes": "If something is to be done here, say in the issue what is missing.",
  budget: "It goes on by itself at midnight; or raise `llm.max_usd_per_day` or `llm.max_runs_per_day`.",
  unfinished:
    "The agent left something running, or planned to continue later, and ended each time: `tac8 view` shows what. Make the issue smaller.",
  lost: "See why the runner ended: its machine may be out of memory or lose power, or a command of the agent (`pkill`, `killall`) ended it. The runs' conversations show the commands (`tac8 view`).",
};
