import type { Failure, FailureKind } from "@tac8/core/domain/failures";
import { blameDisk } from "../git/diskFull.ts";
import type { RunnerServices } from "./services.ts";

/** What they say is true wherever the run was: another disk would change nothing. */
const ELSEWHERE: ReadonlySet<FailureKind> = new Set(["github", "refused", "usage-limit", "auth", "model", "budget"]);

/** Name the machine's disk where it is what failed: it costs an issue no attempt. */
export async function blameMachine(
  failure: Failure,
  { config, homeTrouble }: Pick<RunnerServices, "config" | "homeTrouble">,
): Promise<Failure> {
  const trouble = ELSEWHERE.has(failure.kind) ? null : await homeTrouble();
  if (trouble !== null) return { kind: "disk", message: `${trouble}. ${failure.message}` };
  return blameDisk(failure, config.home);
}
