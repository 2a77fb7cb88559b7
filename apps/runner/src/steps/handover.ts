import type { AgentChoice } from "@tac8/core/config/routing";
import type { ResumeReason } from "../prompt/prompt.ts";
import type { Comment, Issue, Pull } from "@tac8/core/github/types";
import type { PushScope } from "../airlock/pushScope.ts";
import type { CountedText } from "../issue/intent.ts";
import type { PatchOf, PreparedField } from "../run/owners.ts";
import type { EnsuredWorkspace } from "../workspace/ensure.ts";

// What one step hands to the next. Steps do not import one another.

/** The issue, as it may be worked on. */
export interface Admitted {
  /** With the title and body that count. */
  readonly issue: Issue;
  /** All of them. */
  readonly comments: readonly Comment[];
  /** Those that count, without tac8's own. */
  readonly counted: readonly Comment[];
  /** How many do not count. */
  readonly leftOut: number;
  /** The same text, as far as a pull request tells it. */
  readonly text: CountedText;
}

/** The repository and the workspace, as the agent finds them. */
export interface Prepared {
  /** With the base branch by the name that it has now. */
  readonly scope: PushScope;
  readonly baseSha: string;
  /** How the workspace was found. */
  readonly how: EnsuredWorkspace["how"];
  /** For the record, once it is known what an agent before had left unrecorded. */
  readonly patch: PatchOf<PreparedField>;
  /** As it is on GitHub. */
  readonly why: ResumeReason | null;
  /** There is earlier work in the workspace or on the branch. */
  readonly begun: boolean;
  /** The open pull request that the work continues with. */
  readonly pull: Pull | null;
}

/** How an agent is told, and which. */
export interface Prompts {
  /** For a new session: everything. */
  readonly full: string;
  /** For a session that is resumed: what is new. */
  readonly resume: string | null;
  /** How the run's agent is started. */
  readonly agent: AgentChoice;
}

/** The agent's work so far, in commits. */
export interface SavedWork {
  readonly head: string;
}
