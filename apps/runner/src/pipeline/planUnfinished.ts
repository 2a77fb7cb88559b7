import type { StopCause } from "../agent/types.ts";

/** Why a run did not reach the end. */
export interface Unfinished {
  readonly error: unknown;
  /**
   * How the agent ended, if that is the reason. `without work`: it ended by itself, and has no work that could be published; a halt in
   * the meantime does not change that. `lost`: it was killed with its guard, or because its job's lock was about to end while Redis did
   * not answer. Its job continues as after the death of a runner. Null: any other reason.
   */
  readonly agentEnd: "without work" | "lost" | null;
}

export interface AgentEndFacts {
  /** Cause of the halt; null if there was none. */
  readonly halt: StopCause | null;
  /** The agent asked a question. */
  readonly asks: boolean;
  /** The agent was lost: see `Unfinished`. */
  readonly lost: boolean;
}

/** Decide how a run without finished work ends, after its work so far was saved. Pure. */
export function planAgentEnd({ halt, asks, lost }: AgentEndFacts): "halt" | "question" | "lost" | "failure" {
  // A question counts even if the runner is shutting down.
  if (halt !== null && !(asks && halt === "shutdown")) return "halt";
  // The question counts however the agent ended, because it is the reason why the agent could not continue.
  if (asks) return "question";
  return lost ? "lost" : "failure";
}

export interface UnfinishedRun {
  /** Cause of the halt; null if there was none. Never `lost`: the job of such a run is released without this plan. */
  readonly halt: StopCause | null;
  /** The run may not write to the record any more, or has no time to. */
  readonly outOfTime: boolean;
  /** `Unfinished.agentEnd` is `without work`. */
  readonly endedWithoutWork: boolean;
  /** `Unfinished.agentEnd` is `lost`. */
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
  endedWithoutWork,
  agentLost,
  decided,
}: UnfinishedRun): "requeue" | "stopped" | "cancelled" | "failure" {
  if (outOfTime || (halt === "shutdown" && !endedWithoutWork)) return "requeue";
  if ((halt === "stopped" || halt === "cancelled") && !decided) return halt;
  if (agentLost) return "requeue";
  return "failure";
}
