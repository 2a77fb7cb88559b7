import type { StopCause } from "../agent/types.ts";

/** Why a run did not come to the end. */
export interface Unfinished {
  readonly error: unknown;
  /**
   * `ended`: the agent ended by itself, and brought nothing that could be published: no halt that came meanwhile changes
   * that. `lost`: it was ended with its guard, or because its job's lock was near its end while Redis did not answer: no end of
   * its own, so its job continues as after a runner that died. Null: anything else.
   */
  readonly agent: "ended" | "lost" | null;
}

export interface AgentEndFacts {
  /** What a user wanted of the run; null: nobody wanted anything. */
  readonly halt: StopCause | null;
  /** It has asked a question. */
  readonly asks: boolean;
  /** It was ended with its guard. */
  readonly lost: boolean;
}

/** Pure. What wins at the end of an agent without finished work, once its work so far is saved. */
export function planAgentEnd({ halt, asks, lost }: AgentEndFacts): "halt" | "question" | "lost" | "failure" {
  // A question that was asked is one, also when the runner is shutting down.
  if (halt !== null && !(asks && halt === "shutdown")) return "halt";
  // However the agent ended after it: this run's question is the reason why it could not continue.
  if (asks) return "question";
  return lost ? "lost" : "failure";
}

export interface UnfinishedRun {
  /** What a user wanted of the run; null: nobody wanted anything. Whoever has lost the job settles nothing. */
  readonly halt: StopCause | null;
  /** Nothing more may be written, or there is no time for it. */
  readonly outOfTime: boolean;
  /** See `Unfinished`. */
  readonly ended: boolean;
  /** Likewise. */
  readonly agentLost: boolean;
  /** The end is in the hash already. */
  readonly decided: boolean;
}

/** Pure. What becomes of a run that did not end: of its job, and for `stopped` and `cancelled` of its issue. */
export function planSettle({
  halt,
  outOfTime,
  ended,
  agentLost,
  decided,
}: UnfinishedRun): "hand back" | "stopped" | "cancelled" | "trouble" {
  if (outOfTime || (halt === "shutdown" && !ended)) return "hand back";
  if ((halt === "stopped" || halt === "cancelled") && !decided) return halt;
  if (agentLost) return "hand back";
  return "trouble";
}
