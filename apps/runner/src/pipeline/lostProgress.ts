import type { RunProgress } from "@tac8/core/domain/brokenOff";
import { readRunStream } from "@tac8/core/conversation/stream";
import type { IssueRecord } from "@tac8/core/state/issueState";
import type { Logger } from "@tac8/core/log/logger";
import type { Redis } from "ioredis";
import type { AgentSide } from "../agentPlace/side.ts";
import { agentRanHere } from "../run/agentRanHere.ts";
import type { WorkspacePaths } from "../workspace/paths.ts";
import { changedSincePrompt } from "../workspace/changedSincePrompt.ts";
import { isStep } from "../run/steps.ts";

const PAGE = 100;
/** Bound for a stream, which has at most about 1,000 entries. */
const MAX_PAGES = 20;

export interface LostProgressNeeds {
  readonly redis: Redis;
  /** Id of this data folder. */
  readonly dataFolderId: string;
  readonly paths: WorkspacePaths;
  readonly agentSide: Pick<AgentSide, "place">;
  /** Aborted when this run has lost its job. Git in the workspace then ends. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Return the progress of the run that was lost before this one. Its steps are in its live stream in Redis, which every
 * runner can read; its changes are in the workspace, if that is in this data folder. Read only after a lost run.
 */
export async function progressOfLost(run: LostProgressNeeds, before: IssueRecord): Promise<RunProgress> {
  const lost = before.run.id;
  if (lost === null || before.agent.run !== lost) return "none"; // The lost run had no agent yet.
  if (await changedHere(run, before)) return "changes";
  return (await madeSteps(run.redis, lost)) ? "steps" : "none";
}

async function changedHere(run: LostProgressNeeds, before: IssueRecord): Promise<boolean> {
  const startSha = before.branch.start;
  if (startSha === null || !agentRanHere(before, run.dataFolderId)) return false;
  try {
    return await changedSincePrompt({ ...run.paths, place: run.agentSide.place({ signal: run.signal }), startSha });
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.debug({ err: error }, "could not check whether the lost run changed its workspace");
    return false; // A damaged workspace is repaired by the next step.
  }
}

async function madeSteps(redis: Redis, lost: string): Promise<boolean> {
  let after = "0";
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { events, last } = await readRunStream(redis, { run: lost, after, count: PAGE });
    if (events.some(isStep)) return true;
    if (last === after) return false;
    after = last;
  }
  return false;
}
