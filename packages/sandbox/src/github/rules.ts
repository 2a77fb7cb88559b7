import type { Repository, Ruleset } from "./model.ts";

/** Rulesets that apply to a ref, by their patterns. */
export function rulesetsOf(repository: Repository, ref: string): Ruleset[] {
  const fits = (pattern: string): boolean => {
    if (pattern === "~ALL") return true;
    if (pattern === "~DEFAULT_BRANCH") return ref === `refs/heads/${repository.defaultBranch}`;
    return new RegExp(`^${regexOf(pattern)}$`).test(ref);
  };
  return repository.rulesets.filter(({ include, exclude }) => include.some(fits) && !exclude.some(fits));
}

/** As a shell's `case` pattern that means the same. */
export function shellPattern(repository: Repository, pattern: string): string {
  if (pattern === "~ALL") return "*";
  if (pattern === "~DEFAULT_BRANCH") return quoted(`refs/heads/${repository.defaultBranch}`);
  return full(pattern)
    .split(/\*+/)
    .map((part) => (part === "" ? "" : quoted(part)))
    .join("*");
}

export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** `*` within a part of the name, `**` across them. */
function regexOf(pattern: string): string {
  return full(pattern)
    .split(/(\*+)/)
    .map((part) => (part === "*" ? "[^/]*" : part.startsWith("*") ? ".*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
}

const full = (pattern: string): string => (pattern.startsWith("refs/") ? pattern : `refs/heads/${pattern}`);
