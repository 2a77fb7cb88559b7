import { GROUP_NAMES, GROUPS, groupOf, type Group } from "./groups.ts";
import {
  changedScripts,
  isLockfile,
  isPackageJson,
  lacksManifest,
  manifestsOf,
  newHosts,
  type Manifests,
} from "./lockfiles.ts";
import { pathMatcher, whyBadPathPattern, type TreeEntry } from "./pathPattern.ts";

/** A changed entry of the tree. A renamed entry counts as two: a removed and an added one. */
export interface Change extends TreeEntry {
  /** The file's text before and after; empty: the file does not exist. Null: the file is too large and was not read. */
  readonly text?: { readonly before: string; readonly after: string } | null;
}

/** Configuration section `[protected]`. An entry is a path pattern, or `@` and the name of a group. */
export interface Protection {
  readonly block: readonly string[];
  readonly flag: readonly string[];
}

export type Subject = Group | "configured" | "large";

/** A change that a maintainer should review. */
export interface Notable {
  readonly subject: Subject;
  readonly path: string;
  /** Short note about the change; null: the path is enough. */
  readonly note: string | null;
}

export interface Protected {
  /** Changes to list in the pull request. */
  readonly notable: readonly Notable[];
  /** The notable changes that are not published until a maintainer allows it. */
  readonly blocked: readonly Notable[];
}

/** Return why an entry of `[protected]` cannot be used; null: it can. */
export function whyBadEntry(entry: string): string | null {
  if (!entry.startsWith("@")) return whyBadPathPattern(entry);
  return groupOf(entry) === null
    ? `expected a pattern, or one of ${GROUP_NAMES.map((name) => `@${name}`).join(", ")}`
    : null;
}

/** Return whether the rules need the texts of this file. */
export function needsText({ path, isIndirect }: TreeEntry): boolean {
  return !isIndirect && (isPackageJson(path) || isLockfile(path));
}

/** Return which changes are notable, and which of these are blocked. Pure. */
export function protect(changes: readonly Change[], { block, flag }: Protection): Protected {
  const manifests = manifestsOf(changes.map(({ path }) => path));
  const patternsOf = (entries: readonly string[]) => entries.filter((entry) => groupOf(entry) === null);
  const match = pathMatcher<Group | "flag" | "block">([
    ...GROUP_NAMES.map((group) => [group, GROUPS[group].patterns] as const),
    ["flag", patternsOf(flag)],
    ["block", patternsOf(block)],
  ]);
  const blocks = block.map(groupOf);
  const notable: Notable[] = [];
  const blocked: Notable[] = [];
  for (const change of changes) {
    const { path } = change;
    const matched = match(change);
    const found = GROUP_NAMES.filter((group) => matched.has(group));
    const note = noteOf(change, manifests);
    // A change in several groups is listed once, in the first group.
    const isConfigured = matched.has("flag") || matched.has("block");
    const subject = found[0] ?? (note === null ? (isConfigured ? "configured" : null) : "packages");
    if (subject === null) continue;
    const named: Notable = { subject, path, note };
    notable.push(named);
    const ofGroup = [...found, ...(note === null ? [] : (["packages"] as const))];
    if (ofGroup.some((group) => blocks.includes(group)) || matched.has("block")) blocked.push(named);
  }
  return { notable, blocked };
}

function noteOf(change: Change, manifests: Manifests): string | null {
  const { path, text } = change;
  if (!needsText(change)) return change.isIndirect && isLockfile(path) ? "not a plain file" : null;
  if (text === undefined) return null;
  if (isPackageJson(path)) return text === null ? "too large to be read" : scriptsNote(text);
  const notes = [
    lacksManifest(path, manifests) ? "changed, but its manifest is unchanged" : null,
    text === null ? "too large to be read" : hostsNote(text),
  ];
  return notes.filter((note) => note !== null).join(", ") || null;
}

function scriptsNote({ before, after }: { readonly before: string; readonly after: string }): string | null {
  const names = changedScripts(before, after);
  if (names === null) return "no valid JSON";
  return names.length === 0 ? null : `scripts: ${names.join(", ")}`;
}

function hostsNote({ before, after }: { readonly before: string; readonly after: string }): string | null {
  const hosts = newHosts(before, after);
  return hosts.length === 0 ? null : `new hosts: ${hosts.join(", ")}`;
}
