import type { IssueState } from "@tac8/core/domain/states";
import type { EventDescription } from "@tac8/core/domain/events";
import type { IssuePatch } from "@tac8/core/state/issueState";

/** The last write of a run to its issue's record. */
export interface LastWrite {
  readonly patch: IssuePatch;
  /** Event of the change of `state` in the patch. */
  readonly event?: EventDescription;
  /** Content of the status comment, which is written before the run's id is cleared. */
  readonly status?: { readonly state: IssueState; readonly reason: string };
}
