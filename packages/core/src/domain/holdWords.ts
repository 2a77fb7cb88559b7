import { isRepositoryHold, type QueueHold } from "./holds.ts";

export interface HoldWords {
  /** For a list, such as `Login refused`. */
  readonly title: string;
  /** Completes a sentence: `the agent's login is refused`. */
  readonly what: string;
  /** What a person can do, or what happens without one. Full sentences. */
  readonly advice: string;
  /** Whether a person may end it early. */
  readonly byHand: boolean;
}

const KNOWN: Readonly<Record<QueueHold, HoldWords>> = {
  operator: { title: "Paused", what: "paused", advice: "To go on: tac8 resume.", byHand: true },
  "usage-limit": {
    title: "Usage limit",
    what: "the agent's usage limit is reached",
    advice: "It goes on by itself. With another account or key, restart the runner: it tries at once.",
    byHand: true,
  },
  auth: {
    title: "Login refused",
    what: "the agent's login is refused",
    advice:
      "Log the agent in again, or set a valid ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN and restart the runner: a new login is tried at once.",
    byHand: true,
  },
  model: {
    title: "Model outage",
    what: "the model's service has an outage",
    advice: "When it ends, one job is let through, to see whether the service answers again.",
    byHand: true,
  },
  budget: {
    title: "Budget",
    what: "today's budget is used up",
    advice:
      "It goes on by itself at midnight. Ended by a person, the limits of today are lifted until then; a higher llm.max_usd_per_day or llm.max_runs_per_day counts when the scheduler is restarted.",
    byHand: true,
  },
  breaker: {
    title: "Breaker",
    what: "the breaker is open",
    advice: "When it ends, one job is let through, to see whether things work again.",
    byHand: true,
  },
  health: {
    title: "Health",
    what: "held for the machine's health",
    advice: "It goes on by itself when that is better: see tac8 status.",
    byHand: true,
  },
  "redis-emptied": {
    title: "Redis emptied",
    what: "Redis was emptied",
    advice: "It goes on by itself.",
    byHand: false,
  },
};

/** Names and advice for one hold, whichever it is. Pure. */
export function holdWords(name: string): HoldWords {
  if (isQueueHold(name)) return KNOWN[name];
  if (!isRepositoryHold(name)) return { title: name, what: `held (${name})`, advice: "", byHand: true };
  const repository = name.slice(name.indexOf(":") + 1);
  return {
    title: repository,
    what: `${repository} is held`,
    advice:
      "The reason says what to change. Finished work is published then without another run. With another GitHub token, restart the runner: it tries at once.",
    byHand: true,
  };
}

function isQueueHold(name: string): name is QueueHold {
  return Object.hasOwn(KNOWN, name);
}
