/** Longest pattern, in characters. */
export const MAX_PATH_PATTERN = 200;
/** Return why a pattern for paths cannot be used, as a message for the operator; null: it can. */
export function whyBadPathPattern(pattern: string): string | null {
  if (pattern === "" || pattern.length > MAX_PATH_PATTERN) return `expected 1 to ${MAX_PATH_PATTERN} characters`;
  if (pattern.startsWith("/") || pattern.startsWith("./")) return "expected a path from the repository's top folder";
  if (/[[\]{}\\]/.test(pattern)) return "only the wildcards *, ** and ? are supported";
  return null;
}

/** An entry of a commit's tree. */
export interface TreeEntry {
  readonly path: string;
  /** Whether it is a symbolic link or a submodule. Programs that read below its path get the files to which it points. */
  readonly isIndirect: boolean;
}

/**
 * Return a function that returns the keys of the lists of patterns that a changed entry matches. Case and Unicode form (NFKC) are ignored,
 * because some file systems ignore them. `**` matches any folders, `*` and `?` match characters of one name, and a pattern that ends in
 * `/**` also matches the folder itself. A link or submodule in place of a folder of a pattern matches too.
 *
 * An agent decides how many files it changes and how deep they are. So a path is compared only with the patterns that share a name
 * with it, and with those that have a wildcard in each of their names.
 */
export function pathMatcher<Key>(
  lists: readonly (readonly [Key, readonly string[]])[],
): (entry: TreeEntry) => ReadonlySet<Key> {
  const always: Pattern<Key>[] = [];
  const byName = new Map<string, Pattern<Key>[]>();
  for (const pattern of lists.flatMap(([key, patterns]) => patterns.flatMap((text) => compiled(key, text)))) {
    const name = pattern.names.findLast(({ literal }) => literal !== null)?.literal ?? null;
    if (name === null) always.push(pattern);
    else byName.set(name, [...(byName.get(name) ?? []), pattern]);
  }
  return ({ path, isIndirect }) => {
    const parts = namesOf(path);
    const candidates = new Set(always);
    for (const part of parts) for (const pattern of byName.get(part) ?? []) candidates.add(pattern);
    const found = new Set<Key>();
    for (const { key, names, isFolder } of candidates) {
      if (!found.has(key) && (isIndirect || !isFolder) && matches(names, parts, ofNames)) found.add(key);
    }
    return found;
  };
}

interface Pattern<Key> {
  readonly key: Key;
  readonly names: readonly Name[];
  /** Whether it is for a folder above the path of the pattern, which only links and submodules match. */
  readonly isFolder: boolean;
}

/** A name of a pattern. */
interface Name {
  readonly isAny: boolean;
  /** Null: it has wildcards. */
  readonly literal: string | null;
  readonly fits: (name: string) => boolean;
}

function compiled<Key>(key: Key, text: string): Pattern<Key>[] {
  const names = namesOf(text).map(nameOf);
  const isTree = names.length > 1 && names.at(-1)?.isAny === true;
  const exact = isTree ? [names, names.slice(0, -1)] : [names];
  // The parent folders: `.claude` and `.claude/a` for `.claude/a/b`.
  const prefixes = names.slice(0, -1).map((_, index) => names.slice(0, index + 1));
  const folders = prefixes.filter((prefix) => prefix.at(-1)?.isAny !== true);
  return [
    ...exact.map((each) => ({ key, names: each, isFolder: false })),
    ...folders.map((each) => ({ key, names: each, isFolder: true })),
  ];
}

function nameOf(name: string): Name {
  if (!/[*?]/.test(name)) return { isAny: false, literal: name, fits: (other) => other === name };
  const signs = Array.from(name);
  // This check is cheap, so it is first.
  const [begin = "", end = ""] = [name.split(/[*?]/, 1)[0], name.split(/[*?]/).at(-1)];
  const fits = (other: string): boolean =>
    other.startsWith(begin) && other.endsWith(end) && matches(signs, Array.from(other), ofSigns);
  return { isAny: name === "**", literal: null, fits };
}

/**
 * Return the names of a path, in lower case and normalized to NFKC, because some file systems treat these as equal. The path is split
 * first, because normalization can turn a character into a slash.
 */
function namesOf(path: string): string[] {
  const isPlain = /^[\x20-\x7e]*$/.test(path);
  return isPlain ? path.toLowerCase().split("/") : path.split("/").map((name) => name.normalize("NFKC").toLowerCase());
}

/** Comparison of the elements of two lists. */
interface Kind<Element> {
  /** Whether it matches any number of elements of the other list. */
  readonly isAny: (pattern: Element) => boolean;
  readonly isSame: (pattern: Element, text: string) => boolean;
}

const ofSigns: Kind<string> = {
  isAny: (pattern) => pattern === "*",
  isSame: (pattern, text) => pattern === "?" || pattern === text,
};
const ofNames: Kind<Name> = { isAny: ({ isAny }) => isAny, isSame: ({ fits }, text) => fits(text) };

/** Match two lists. The number of steps is at most the product of both lengths, because only the last wildcard is ever extended. */
function matches<Element>(
  pattern: readonly Element[],
  text: readonly string[],
  { isAny, isSame }: Kind<Element>,
): boolean {
  let [at, from, retry, retryFrom] = [0, 0, -1, 0];
  while (from < text.length) {
    const wanted = pattern[at];
    if (wanted !== undefined && isAny(wanted)) {
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
  return pattern.slice(at).every(isAny);
}
