import type { HaltCause } from "../agent/types.ts";

/** Why a run did not reach the end. */
export interface Unfinished {
  readonly error: unknown;
  /**
   * How the agent ended, if that decides what follows; null: it ended otherwise, or the run is unfinished for a reason other than the agent.
   * `without result`: it finished by itself, but its work is not to be published as finished work. `agent lost`: its guard was killed, and
   * the agent with it, or the guard killed the agent because Redis did not answer and the job's lock was about to expire. The run still has
   * its job.
   */
  readonly agentEnd: "without result" | "agent lost" | null;
}

export interface AgentEndFacts {
  /** Cause of the halt; null if there was none. */
  readonly halt: HaltCause | null;
  /** The agent asked a question. */
  readonly asks: boolean;
  /** The agent was lost: see `Unfinished`. */
  readonly agentLost: boolean;
}

/** Decide how a run without finished work ends, after its work so far was saved. Pure. */
export function planAgentEnd({ halt, asks, agentLost }: AgentEndFacts): "halt" | "question" | "agent lost" | "failure" {
  // A question counts even if the runner is shutting down.
  if (halt !== null && !(asks && halt === "shutdown")) return "halt";
  // The question counts however the agent ended, because it is the reason why the agent could not continue.
  if (asks) return "question";
  return agentLost ? "agent lost" : "failure";
}

export interface UnfinishedFacts {
  /** Cause of the halt; null if there was none. Never `lost`: such a run has lost its job, which is released without this plan. */
  readonly halt: HaltCause | null;
  /** The run may not write to the record any more, or has no time to. */
  readonly outOfTime: boolean;
  /** `Unfinished.agentEnd` is `without result`. A halt in the meantime does not change that. */
  readonly endedWithoutResult: boolean;
  /** `Unfinished.agentEnd` is `agent lost`. */
  readonly agentLost: boolean;
  /** The end is already in the record. */
  readonly decided: boolean;
}

/**
 * Decide what happens to the job of a run that did not reach the end, and to its issue if the run was stopped or cancelled. Pure.
 */
export function planUnfinished({
  halt,
  outOfTime,
  endedWithoutResult,
  agentLost,
  decided,
}: UnfinishedFacts): "requeue" | "stopped" | "cancelled" | "failure" {
  if (outOfTime || (halt === "shutdown" && !endedWithoutResult)) return "requeue";
  if ((halt === "stopped" || halt === "cancelled") && !decided) return halt;
  if (agentLost) return "requeue";
  return "failure";
}
