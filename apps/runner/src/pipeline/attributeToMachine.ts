import type { Failure, FailureKind } from "@tac8/core/domain/failures";
import { attributeToDisk } from "../git/diskFull.ts";
import type { RunnerServices } from "./services.ts";

/** Failures that have their cause outside this machine, so another disk would change nothing. */
const ELSEWHERE: ReadonlySet<FailureKind> = new Set(["github", "refused", "usage-limit", "auth", "model", "budget"]);

/**
 * Attribute a failure to this machine if the machine's disk or data folder is the cause.
 * @returns the failure `disk`, which uses no attempt, or the same failure
 */
export async function attributeToMachine(
  failure: Failure,
  { config, dataFolderTrouble }: Pick<RunnerServices, "config" | "dataFolderTrouble">,
): Promise<Failure> {
  const trouble = ELSEWHERE.has(failure.kind) ? null : await dataFolderTrouble();
  if (trouble !== null) return { kind: "disk", message: `${trouble}. ${failure.message}` };
  return attributeToDisk(failure, config.dataFolder);
}
