/** A rule of a ruleset for branches, by GitHub's type, such as `creation`. */
export interface BranchRule {
  readonly type: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly rulesetId: number | null;
}

/** A push: the branch, whether it exists on GitHub, and the email address of the commits. */
export interface PushFacts {
  readonly branch: string;
  readonly exists: boolean;
  readonly email: string;
}

/**
 * Return why a rule refuses every push of this kind, regardless of its commits; null: it does not, or only GitHub can decide. The reason
 * is a clause that follows the name of the repository or branch. Pure.
 */
export function whyRefused(rule: BranchRule, { branch, exists, email }: PushFacts): string | null {
  switch (rule.type) {
    case "creation":
      return exists ? null : `a rule forbids creating branches such as ${branch}`;
    case "branch_name_pattern":
      return exists || satisfies(rule, branch) !== false
        ? null
        : `a branch name ${requirementOf(rule)}, but ${branch} does not`;
    case "required_signatures":
      return `a rule requires signed commits on branches such as ${branch}, but tac8 does not sign commits`;
    case "commit_author_email_pattern":
    case "committer_email_pattern": {
      const whose = rule.type === "committer_email_pattern" ? "committer" : "author";
      return satisfies(rule, email) !== false
        ? null
        : `the email address of a commit's ${whose} ${requirementOf(rule)}, but ${email} does not`;
    }
    default:
      return null;
  }
}

/** Return the requirement of a rule, such as `must start with "users/"`. */
export function requirementOf({ parameters }: BranchRule): string {
  const { operator, pattern, negate } = parameters;
  const verbs: Readonly<Record<string, string>> = {
    starts_with: "start with",
    ends_with: "end with",
    contains: "contain",
    regex: "match",
  };
  const verb = verbs[String(operator)] ?? "match";
  return `must ${negate === true ? "not " : ""}${verb} ${JSON.stringify(pattern ?? "").slice(0, 200)}`;
}

/** Return whether a text satisfies the rule; null: only GitHub can decide. */
export function satisfies({ parameters }: BranchRule, text: string): boolean | null {
  const { operator, pattern, negate } = parameters;
  if (typeof pattern !== "string") return null;
  const fits = matches(operator, pattern, text);
  return fits === null ? null : fits !== (negate === true);
}

function matches(operator: unknown, pattern: string, text: string): boolean | null {
  switch (operator) {
    case "starts_with":
      return text.startsWith(pattern);
    case "ends_with":
      return text.endsWith(pattern);
    case "contains":
      return text.includes(pattern);
    case "regex":
      try {
        return new RegExp(pattern, "u").test(text);
      } catch {
        return null; // GitHub's regular expressions differ from JavaScript's.
      }
    default:
      return null;
  }
}
