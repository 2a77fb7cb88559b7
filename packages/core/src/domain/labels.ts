/** As GitHub takes it. */
export interface LabelDefinition {
  readonly name: string;
  /** Six hexadecimal digits, without `#`. */
  readonly color: string;
  /** At most 100 characters. */
  readonly description: string;
}

export type Sign = "working" | "blocked" | "done" | "answered" | "failed";

const LOOKS: Record<Sign, Omit<LabelDefinition, "name">> = {
  working: { color: "fbca04", description: "An agent is working on this" },
  blocked: { color: "d93f0b", description: "An agent waits for an answer" },
  done: { color: "0e8a16", description: "Has its pull request" },
  answered: { color: "5319e7", description: "Answered by a comment: nothing was changed" },
  failed: { color: "b60205", description: "Ended without a pull request" },
};

/** Their names, as `[github]` of the configuration has them. */
type Names = Readonly<Record<`label_${Sign}`, string>>;

/** The labels that show where an issue stands. */
export function signLabels(github: Names): Record<Sign, LabelDefinition> {
  return {
    working: { name: github.label_working, ...LOOKS.working },
    blocked: { name: github.label_blocked, ...LOOKS.blocked },
    done: { name: github.label_done, ...LOOKS.done },
    answered: { name: github.label_answered, ...LOOKS.answered },
    failed: { name: github.label_failed, ...LOOKS.failed },
  };
}

/** The label by which people allow that an issue's work is published as it is. */
export function allowLabel({ label_allow: name }: { readonly label_allow: string }): LabelDefinition {
  return { name, color: "c2e0c6", description: "tac8 may publish this work as it is" };
}

/** The label that starts work, which people put on. */
export function triggerLabel({ issueLabel }: { readonly issueLabel: string }): LabelDefinition {
  return { name: issueLabel, color: "1d76db", description: "tac8 works on it, and opens a pull request" };
}
