import { INITIAL } from "../claude/reduce.ts";
import type { AgentEnd } from "../types.ts";

/**
 * Return an agent's end for tests: by itself, exit code 0 after 5 s, no result, with some work, except for the given
 * fields.
 */
export function agentEnd(given: Partial<AgentEnd>): AgentEnd {
  return {
    ...INITIAL,
    worked: true,
    cause: "exited",
    code: 0,
    signal: null,
    durationMs: 5000,
    stderrTail: "",
    survivorsKilled: 0,
    remaining: 0,
    problems: [],
    ...given,
  };
}
