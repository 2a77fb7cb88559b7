import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "../git/errors.ts";
import type { RunGit } from "../git/executor.ts";
import { LINK, SUBMODULE, type TreeChange } from "./changes.ts";

/** A stray entry: a link or a submodule that leads out of the repository. */
export interface Stray {
  readonly path: string;
  readonly why: string;
}

/** Longer than any path: a path has at most 4096 bytes. */
const MAX_TARGET = 8192;
const MAX_LINKS = 1000;
const MAX_MODULES = 1024 * 1024;
const STEP_MS = 60_000;
const FILE = ".gitmodules";

/**
 * Return the changed entries that lead out of the repository: symbolic links to paths outside, and submodules without
 * a plain HTTPS or relative address. Unchanged entries belong to the repository and are not checked. @throws StepFailure of kind `git`
 */
export async function strayEntries(
  git: RunGit,
  { changes, base, head }: { readonly changes: readonly TreeChange[]; readonly base: string; readonly head: string },
): Promise<Stray[]> {
  const links = changes.filter(({ mode }) => mode.after === LINK);
  const stray: Stray[] = [];
  for (const { path, object } of links.slice(0, MAX_LINKS)) {
    const why = whyStrayLink(path, await read(git, ["cat-file", "blob", object.after], MAX_TARGET));
    if (why !== null) stray.push({ path, why });
  }
  for (const { path } of links.slice(MAX_LINKS)) stray.push({ path, why: "one of too many links to check" });
  const submodules = changes.filter(({ mode }) => mode.after === SUBMODULE).map(({ path }) => path);
  if (submodules.length === 0 && !changes.some(({ path }) => path === FILE)) return stray;
  const modules = { before: await modulesOf(git, base), after: await modulesOf(git, head) };
  return [...stray, ...straySubmodules(submodules, modules)];
}

/**
 * Return the entries that are stray compared with both the base and the published commit (null: nothing is published).
 * Pure.
 */
export function strayInBoth(base: readonly Stray[], published: readonly Stray[] | null): readonly Stray[] {
  if (published === null) return base;
  const fresh = new Set(published.map(({ path, why }) => `${why}\0${path}`));
  return base.filter(({ path, why }) => fresh.has(`${why}\0${path}`));
}

/**
 * Return why a link leads out of the repository; null if it stays inside. A `..` after a name is refused, because the
 * name may be a link itself. Pure.
 * @param target null if it is longer than any path
 */
export function whyStrayLink(path: string, target: string | null): string | null {
  if (target === null) return "a link whose target is longer than any path";
  if (target === "") return "an empty link";
  if (/\p{Cc}/u.test(target)) return "a link with control characters";
  if (target.startsWith("/") || /^[a-z]:|\\/i.test(target)) return "a link to an absolute path";
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const up = parts.findIndex((part) => part !== "..");
  const ups = up < 0 ? parts.length : up;
  if (parts.slice(ups).includes("..") || ups > path.split("/").length - 1)
    return "a link to a path outside the repository";
  if (parts.some((part) => part.toLowerCase() === ".git")) return "a link into a .git folder";
  return null;
}

/**
 * Values of `.gitmodules` in their order, by git's name of the key: `submodule.<name>.url`. If a key has several
 * values, `git submodule` uses the last one, but other programs may use another one. Null if the file cannot be read.
 */
export type Modules = ReadonlyMap<string, readonly string[]> | null;

/**
 * Check every value, whichever one git uses. Pure. `changed`: paths of submodules that are new or at another commit.
 */
export function straySubmodules(
  changed: readonly string[],
  { before, after }: { readonly before: Modules; readonly after: Modules },
): Stray[] {
  if (after === null) return [{ path: FILE, why: "git cannot read it" }];
  const paths = new Set([...after].filter(([key]) => key.endsWith(".path")).flatMap(([, values]) => values));
  const unknown = changed
    .filter((path) => !paths.has(path))
    .map((path) => ({ path, why: "a submodule without an address" }));
  // Also check values in a new order, because git then uses another one of them.
  const fresh = [...after].filter(([key, values]) => values.join("\0") !== before?.get(key)?.join("\0"));
  const addresses = fresh.flatMap(([key, values]) => {
    const path = after.get(key.replace(/\.[^.]+$/, ".path"))?.at(-1) ?? FILE;
    if (key.endsWith(".url") && !values.every(isPlainAddress)) {
      return [{ path, why: "a submodule whose address is neither https:// nor relative" }];
    }
    const isCommand = key.endsWith(".update") && values.some((value) => value.startsWith("!"));
    return isCommand ? [{ path, why: "a submodule that runs a command" }] : [];
  });
  return [...unknown, ...addresses];
}

function isPlainAddress(url: string): boolean {
  return /^https:\/\/[^\s@]+$/i.test(url) || /^\.{1,2}\/[^\s:]*$/.test(url);
}

async function modulesOf(git: RunGit, commit: string): Promise<Modules> {
  const entry = await git(["ls-tree", "-z", commit, "--", FILE], { maxBytes: MAX_TARGET, timeoutMs: STEP_MS });
  if (entry.code !== 0) throw new StepFailure(localFailure("reading .gitmodules", entry.errorText));
  const object = /^100\d+ blob ([0-9a-f]+)\t/.exec(entry.bytes.toString("latin1"))?.[1];
  // Git does not follow a link in place of the file.
  if (object === undefined) return entry.bytes.length === 0 ? new Map() : null;
  const args = ["config", "--blob", object, "--no-includes", "--null", "--list"];
  const { code, bytes } = await git(args, { maxBytes: MAX_MODULES, timeoutMs: STEP_MS });
  if (code !== 0) return null;
  const modules = new Map<string, string[]>();
  for (const line of bytes.toString("utf8").split("\0")) {
    if (line === "") continue;
    const key = line.split("\n", 1)[0] ?? "";
    const values = modules.get(key) ?? [];
    values.push(line.slice(line.indexOf("\n") + 1));
    modules.set(key, values);
  }
  return modules;
}

/** Return the output; null if it is longer than `maxBytes`. */
async function read(git: RunGit, args: readonly string[], maxBytes: number): Promise<string | null> {
  const { code, bytes, errorText } = await git(args, { maxBytes, timeoutMs: STEP_MS });
  if (code === undefined && bytes.length >= maxBytes) return null;
  if (code !== 0) throw new StepFailure(localFailure("reading a link", errorText));
  return bytes.toString("utf8");
}
