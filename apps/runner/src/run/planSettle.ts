import { StepFailure } from "@tac8/core/domain/failures";
import type { StopCause } from "../agent/types.ts";

/** The agent has ended by itself, and brought nothing that could be published: no halt that came meanwhile changes that. */
export class AgentEnded extends StepFailure {}

/**
 * The agent was ended with its guard, or because its job's lock was near its end while Redis did not answer: no end of its
 * own, so its job goes on as after a runner that died.
 */
export class AgentLost extends Error {
  override readonly name = "AgentLost";
}

export interface UnfinishedRun {
  /** What somebody wanted of the run; null: nobody wanted anything. Whoever has lost the job settles nothing. */
  readonly halt: StopCause | null;
  /** Nothing more may be written, or there is no time for it. */
  readonly outOfTime: boolean;
  /** It is an `AgentEnded`. */
  readonly ended: boolean;
  /** It is an `AgentLost`. */
  readonly agentLost: boolean;
  /** The end is in the hash already. */
  readonly decided: boolean;
}

/** Pure. What becomes of a run that did not come to its end: of its job, and for `stopped` and `cancelled` of its issue. */
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
