/** A label, in the form of GitHub's API. */
export interface LabelDefinition {
  readonly name: string;
  /** Six hexadecimal digits, without `#`. */
  readonly color: string;
  /** At most 100 characters. */
  readonly description: string;
}

export type StatusLabel = "working" | "blocked" | "done" | "answered" | "failed";

const APPEARANCES: Record<StatusLabel, Omit<LabelDefinition, "name">> = {
  working: { color: "fbca04", description: "tac8: an agent is running" },
  blocked: { color: "d93f0b", description: "tac8: blocked until a maintainer replies" },
  done: { color: "0e8a16", description: "tac8: has a pull request" },
  answered: { color: "5319e7", description: "tac8: answered in a comment, nothing was changed" },
  failed: { color: "b60205", description: "tac8: failed, without a pull request" },
};

/** Names of these labels in `[github]` of the configuration. */
type Names = Readonly<Record<`label_${StatusLabel}`, string>>;

/** Return the labels that show the status of an issue. */
export function statusLabels(github: Names): Record<StatusLabel, LabelDefinition> {
  return {
    working: { name: github.label_working, ...APPEARANCES.working },
    blocked: { name: github.label_blocked, ...APPEARANCES.blocked },
    done: { name: github.label_done, ...APPEARANCES.done },
    answered: { name: github.label_answered, ...APPEARANCES.answered },
    failed: { name: github.label_failed, ...APPEARANCES.failed },
  };
}

/** Return the label with which a user allows the publication of an issue's work as it is. */
export function allowLabel({ label_allow: name }: { readonly label_allow: string }): LabelDefinition {
  return { name, color: "c2e0c6", description: "tac8: publish the withheld work as it is" };
}

/** Return the label with which a user starts work. */
export function triggerLabel({ issueLabel }: { readonly issueLabel: string }): LabelDefinition {
  return { name: issueLabel, color: "1d76db", description: "tac8: start work on this issue and open a pull request" };
}
