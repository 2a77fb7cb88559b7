import { INITIAL } from "../claude/reduce.ts";
import type { AgentEnd } from "../types.ts";

/** For tests: an agent's end that came by itself, with exit code 0 after 5 s and no result, of an agent that had worked; but for what is given. */
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
