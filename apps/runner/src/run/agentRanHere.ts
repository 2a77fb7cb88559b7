import type { RecordPart } from "@tac8/core/state/issueState";

/** Return whether the newest agent ran with this data folder, which then has the agent's session and its workspace. Pure. */
export function agentRanHere(
  { agent: { sessionHome } }: RecordPart<"agent.sessionHome">,
  dataFolderId: string,
): boolean {
  return sessionHome === dataFolderId;
}
