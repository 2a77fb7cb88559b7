import type { LiveEvent } from "@tac8/core/conversation/event";

type Reported = Pick<LiveEvent, "kind" | "isError">;

/** Return whether the event is a step of the agent: a finished tool call, or an answer of its model. Pure. */
export function isStep(event: Reported): boolean {
  if (event.kind === "tool-result" || event.kind === "todo") return true;
  return (event.kind === "text" || event.kind === "result") && event.isError !== true;
}
