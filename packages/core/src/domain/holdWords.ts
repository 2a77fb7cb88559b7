import { isRepositoryHold, type QueueHold } from "./holds.ts";

export interface HoldWords {
  /** Title for a list, such as `Login refused`. */
  readonly title: string;
  /** Completes a sentence: `the agent's login is refused`. */
  readonly what: string;
  /** What a user can do, or what happens automatically. Full sentences. */
  readonly advice: string;
  /** Whether a user may end it early. */
  readonly byHand: boolean;
}

const KNOWN: Readonly<Record<QueueHold, HoldWords>> = {
  operator: { title: "Paused", what: "paused", advice: "To continue: tac8 resume.", byHand: true },
  "usage-limit": {
    title: "Usage limit",
    what: "the agent's usage limit is reached",
    advice:
      "Work continues automatically when the limit is reset. To use another account or key, set it and restart the runner: the runner tries it immediately.",
    byHand: true,
  },
  auth: {
    title: "Login refused",
    what: "the model's provider rejects the agent's login",
    advice:
      "Sign the agent in again, or set a valid ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN and restart the runner: the runner tries a new login immediately.",
    byHand: true,
  },
  model: {
    title: "Model outage",
    what: "the model's service has an outage",
    advice: "When the hold ends, one job starts as a probe, to check whether the service responds again.",
    byHand: true,
  },
  budget: {
    title: "Budget",
    what: "today's budget is used up",
    advice:
      "Work continues automatically at midnight. If you end the hold, today's limits do not apply until then. A higher llm.max_usd_per_day or llm.max_runs_per_day takes effect when the scheduler is restarted.",
    byHand: true,
  },
  breaker: {
    title: "Breaker",
    what: "the breaker is open",
    advice: "When the hold ends, one job starts as a probe, to check whether runs succeed again.",
    byHand: true,
  },
  health: {
    title: "Health",
    what: "a health check holds the queue",
    advice: "Work continues automatically when the problem is fixed: see tac8 status.",
    byHand: true,
  },
  "redis-emptied": {
    title: "Redis emptied",
    what: "Redis was emptied",
    advice: "Work continues automatically.",
    byHand: false,
  },
};

/** Return the words for a hold of any name. Pure. */
export function holdWords(name: string): HoldWords {
  if (isQueueHold(name)) return KNOWN[name];
  if (!isRepositoryHold(name)) return { title: name, what: `held (${name})`, advice: "", byHand: true };
  const repository = name.slice(name.indexOf(":") + 1);
  return {
    title: repository,
    what: `${repository} is held`,
    advice:
      "The reason describes what to change. Finished work is then published without another run. After replacing the GitHub token, restart the runner: the runner tries it immediately.",
    byHand: true,
  };
}

function isQueueHold(name: string): name is QueueHold {
  return Object.hasOwn(KNOWN, name);
}
