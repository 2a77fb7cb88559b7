/** Longest pattern, in characters. */
export const MAX_PATH_PATTERN = 200;
/** Return why a pattern for paths cannot be used, for the configuration's reader; null: it can. */
export function whyBadPathPattern(pattern: string): string | null {
  if (pattern === "" || pattern.length > MAX_PATH_PATTERN) return `expected 1 to ${MAX_PATH_PATTERN} characters`;
  if (pattern.startsWith("/") || pattern.startsWith("./")) return "expected a path from the repository's top folder";
  if (/[[\]{}\\]/.test(pattern)) return "only *, ** and ? have a meaning in it";
  return null;
}

/** An entry of a commit's tree. */
export interface TreeEntry {
  readonly path: string;
  /** It is no plain file: a symbolic link or a submodule. What programs find below its path is what it points to. */
  readonly isIndirect: boolean;
}

/**
 * Return a function that tells whether a changed entry matches one of the patterns. Letters match in either case and in any form
 * of Unicode (NFKC), because some file systems ignore both. `**` stands for any folders, `*` and `?` for characters of one name,
 * and a pattern that ends in `/**` also for the folder's own name. A link or submodule in the place of a pattern's folder matches too.
 */
export function pathMatcher(patterns: readonly string[]): (entry: TreeEntry) => boolean {
  const exact = patterns.flatMap(withFolder);
  const folders = patterns.flatMap(foldersOf);
  return ({ path, isIndirect }) => {
    const parts = namesOf(path);
    const isOf = (list: readonly (readonly string[])[]) => list.some((pattern) => matches(pattern, parts, ofNames));
    return isOf(exact) || (isIndirect && isOf(folders));
  };
}

/**
 * The names of a path, in lower case and in the form NFKC: some file systems take others for the same. Split first, because the
 * form can make a slash of a sign.
 */
function namesOf(path: string): string[] {
  return path.split("/").map((name) => name.normalize("NFKC").toLowerCase());
}

/** The pattern's names; for one that ends in `/**`, of the folder too. */
function withFolder(pattern: string): string[][] {
  const parts = namesOf(pattern);
  return parts.length > 1 && parts.at(-1) === "**" ? [parts, parts.slice(0, -1)] : [parts];
}

/** The folders above what a pattern names: `.claude` and `.claude/a` for `.claude/a/b`. */
function foldersOf(pattern: string): string[][] {
  const parts = namesOf(pattern);
  const prefixes = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1));
  return prefixes.filter((prefix) => prefix.at(-1) !== "**");
}

/** How two elements compare: `any` of a pattern stands for any number of the other list's. */
interface Kind {
  readonly any: string;
  readonly isSame: (pattern: string, text: string) => boolean;
}

const ofSigns: Kind = { any: "*", isSame: (pattern, text) => pattern === "?" || pattern === text };
const ofNames: Kind = {
  any: "**",
  isSame: (pattern, text) =>
    /[*?]/.test(pattern) ? matches(Array.from(pattern), Array.from(text), ofSigns) : pattern === text,
};

/** Takes as many steps as both lengths multiplied, and no more: only the last `any` is ever extended. */
function matches(pattern: readonly string[], text: readonly string[], { any, isSame }: Kind): boolean {
  let [at, from, retry, retryFrom] = [0, 0, -1, 0];
  while (from < text.length) {
    const wanted = pattern[at];
    if (wanted === any) {
      [retry, retryFrom] = [at, from];
      at += 1;
    } else if (wanted !== undefined && isSame(wanted, text[from] ?? "")) {
      at += 1;
      from += 1;
    } else if (retry >= 0) {
      retryFrom += 1;
      [at, from] = [retry + 1, retryFrom];
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((rest) => rest === any);
}
