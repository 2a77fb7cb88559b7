/** Placeholder of the issue's number in `github.branch`. */
const NUMBER = "{number}";

/** Default of `github.branch`. Branches of this pattern keep working when another pattern is configured. */
export const DEFAULT_BRANCH_PATTERN = "auto/gh-{number}";

/** Maximum length. GitHub accepts 255 bytes for a ref, and the number and a suffix such as `-50` are added. */
export const MAX_PATTERN = 100;

/** Return the name of an issue's branch: `auto/gh-471`, then `auto/gh-471-2` and so on. */
export function branchOf(pattern: string, { issue, round }: { issue: number; round: number }): string {
  return `${pattern.replace(NUMBER, () => String(issue))}${round === 1 ? "" : `-${round}`}`;
}

/** Return whether the pattern gives this name to a branch of the issue. Pure. */
export function isOfPattern(pattern: string, { issue, branch }: { issue: number; branch: string }): boolean {
  const suffix = branch.slice(branchOf(pattern, { issue, round: 1 }).length + 1);
  const round = suffix === "" ? 1 : Number(suffix);
  return Number.isSafeInteger(round) && round >= 1 && branch === branchOf(pattern, { issue, round });
}

/** Return the issue whose branch has this name by the pattern; null: none. Pure. */
export function issueOfBranch(pattern: string, branch: string): number | null {
  const [before = "", after = ""] = pattern.split(NUMBER);
  if (!branch.startsWith(before)) return null;
  const digits = /^\d*/.exec(branch.slice(before.length))?.[0] ?? "";
  // Digits of the pattern may come right after the number.
  const own = digits.length - (/^\d*/.exec(after)?.[0].length ?? 0);
  const issue = own > 0 ? Number(digits.slice(0, own)) : 0;
  return issue > 0 && isOfPattern(pattern, { issue, branch }) ? issue : null;
}

/**
 * Return why a pattern for branches is invalid; null: it is valid. Every name by a valid pattern is a valid ref, and contains letters, so
 * that another program does not use it by chance. Pure.
 */
export function whyBadPattern(pattern: string): string | null {
  const count = pattern.split(NUMBER).length - 1;
  if (count !== 1) return `expected exactly one ${NUMBER}: each issue has its own branch`;
  const rest = pattern.replace(NUMBER, "");
  if (!/[A-Za-z]/.test(rest)) return `expected more text than ${NUMBER}, such as ${DEFAULT_BRANCH_PATTERN}`;
  if (pattern.startsWith("refs/") || pattern.startsWith("heads/")) return "expected a branch name without refs/heads/";
  return whyBadRef(branchOf(pattern, { issue: 1, round: 1 }));
}

/** Return why a name is not a valid branch name, by git's rules for refs; null: it is valid. */
function whyBadRef(name: string): string | null {
  const bad = /[\p{Cc}\s~^:?*[\]\\{}]/u.exec(name)?.[0];
  if (bad !== undefined) return `a branch name cannot contain ${JSON.stringify(bad)}`;
  if (/[^\x21-\x7e]/.test(name)) return "expected letters without accents: other tools may encode them differently";
  if (name.startsWith("-")) return "a branch name cannot start with -";
  const parts = name.split("/");
  if (parts.includes("")) return "a branch name cannot start or end with a slash, or contain two slashes in a row";
  if (parts.some((part) => part.startsWith(".") || part.endsWith(".lock"))) {
    return "no part of a branch name can start with a dot or end with .lock";
  }
  if (name.includes("..") || name.includes("@{") || name.endsWith("."))
    return "git allows no .., no @{ and no dot at the end";
  return null;
}
