import type { Failure, FailureKind } from "@tac8/core/domain/failures";
import { blameDisk } from "../git/diskFull.ts";
import type { RunnerServices } from "./services.ts";

/** Failures that have their cause outside this machine, so another disk would change nothing. */
const ELSEWHERE: ReadonlySet<FailureKind> = new Set(["github", "refused", "usage-limit", "auth", "model", "budget"]);

/** Return the failure `disk` if the machine's disk is the cause, because such a failure uses no attempt. */
export async function blameMachine(
  failure: Failure,
  { config, dataFolderTrouble }: Pick<RunnerServices, "config" | "dataFolderTrouble">,
): Promise<Failure> {
  const trouble = ELSEWHERE.has(failure.kind) ? null : await dataFolderTrouble();
  if (trouble !== null) return { kind: "disk", message: `${trouble}. ${failure.message}` };
  return blameDisk(failure, config.dataFolder);
}
