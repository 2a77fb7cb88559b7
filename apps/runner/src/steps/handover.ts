import type { AgentChoice } from "@tac8/core/config/routing";
import type { ResumeReason } from "../prompt/prompt.ts";
import type { Comment, Issue, Pull } from "@tac8/core/github/types";
import type { PushScope } from "../airlock/pushScope.ts";
import type { CountedTitle } from "../issue/textThatCounts.ts";
import type { PatchOf, PreparedField } from "../run/owners.ts";
import type { EnsuredWorkspace } from "../workspace/ensure.ts";

// Results that one step passes to the next. Steps do not import each other.

/** The issue, after the checks of `admit`. */
export interface Admitted {
  /** The issue, with the title and body that count. */
  readonly issue: Issue;
  /** All comments. */
  readonly comments: readonly Comment[];
  /** Comments that count, without tac8's own. */
  readonly countedComments: readonly Comment[];
  /** Number of comments that do not count. */
  readonly leftOut: number;
  /** The title that counts, and why the edits of the issue could not be read, for the pull request. */
  readonly countedTitle: CountedTitle;
}

/** The repository and the workspace before the agent starts. */
export interface Prepared {
  /** Scope with the current name of the base branch. */
  readonly scope: PushScope;
  readonly baseSha: string;
  /** How the workspace was prepared. */
  readonly workspaceHow: EnsuredWorkspace["how"];
  /** Patch for the record, written after the unrecorded work of an earlier agent has been recovered. */
  readonly patch: PatchOf<PreparedField>;
  /** Reason to resume, read from GitHub. */
  readonly resumeReason: ResumeReason | null;
  /** Whether there is earlier work in the workspace or on the branch. */
  readonly hasEarlierWork: boolean;
  /** Open pull request to which the work is added. */
  readonly pull: Pull | null;
  /** Text of the base commit's template for prompts; null: it has none; undefined: it could not be read yet. */
  readonly template: string | null | undefined;
}

/** The prompts, and the agent that gets one of them. */
export interface Prompts {
  /** Complete prompt for a new session. */
  readonly full: string;
  /** Prompt with the news for a resumed session. */
  readonly resume: string | null;
  /** Agent of the run. */
  readonly agent: AgentChoice;
}

/** The agent's committed work so far. */
export interface SavedWork {
  readonly head: string;
}
