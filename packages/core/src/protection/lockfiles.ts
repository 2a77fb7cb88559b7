/** Lockfiles, each with the manifests beside it from which it is generated. */
const LOCKFILES: Readonly<Record<string, readonly string[]>> = {
  "package-lock.json": ["package.json"],
  "npm-shrinkwrap.json": ["package.json"],
  "yarn.lock": ["package.json"],
  "pnpm-lock.yaml": ["package.json", "pnpm-workspace.yaml"],
  "bun.lock": ["package.json"],
  "bun.lockb": ["package.json"],
  "deno.lock": ["deno.json", "deno.jsonc", "package.json"],
  "cargo.lock": ["cargo.toml"],
  "go.sum": ["go.mod"],
  "poetry.lock": ["pyproject.toml"],
  "uv.lock": ["pyproject.toml"],
  "pdm.lock": ["pyproject.toml"],
  "pipfile.lock": ["pipfile"],
  "gemfile.lock": ["gemfile"],
  "composer.lock": ["composer.json"],
  "packages.lock.json": [],
  "gradle.lockfile": ["build.gradle", "build.gradle.kts"],
  "podfile.lock": ["podfile"],
  "package.resolved": ["package.swift"],
  "pubspec.lock": ["pubspec.yaml"],
  "mix.lock": ["mix.exs"],
  "flake.lock": ["flake.nix"],
};

export function isLockfile(path: string): boolean {
  return Object.hasOwn(LOCKFILES, nameOf(path));
}

export function isPackageJson(path: string): boolean {
  return nameOf(path) === "package.json";
}

/** Changed manifests of each name, sorted by path. */
export type Manifests = ReadonlyMap<string, readonly string[]>;

const MANIFESTS = new Set(Object.values(LOCKFILES).flat());

/** Return the manifests among changed paths. Pure. */
export function manifestsOf(changed: readonly string[]): Manifests {
  const found = Map.groupBy(
    changed.filter((path) => MANIFESTS.has(nameOf(path))),
    nameOf,
  );
  // By code units, as `<` compares.
  for (const paths of found.values()) paths.sort((a, b) => (a < b ? -1 : Number(a > b)));
  return found;
}

/** Return whether no changed manifest can be the source of this lockfile: one in its folder, or below it. */
export function lacksManifest(lockfile: string, changed: Manifests): boolean {
  const folder = lockfile.slice(0, lockfile.lastIndexOf("/") + 1);
  return !(LOCKFILES[nameOf(lockfile)] ?? []).some((name) => isAnyBelow(folder, changed.get(name) ?? []));
}

/** Search with bisection, because an agent decides how many manifests there are. */
function isAnyBelow(folder: string, sorted: readonly string[]): boolean {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? "") < folder) from = middle + 1;
    else to = middle;
  }
  return sorted[from]?.startsWith(folder) === true;
}

const MAX_HOSTS = 5;

/** Return the hosts that a change adds to a lockfile, at most 5. Pure. */
export function newHosts(before: string, after: string): readonly string[] {
  const known = hostsOf(before);
  return [...hostsOf(after)].filter((host) => !known.has(host)).slice(0, MAX_HOSTS);
}

function hostsOf(text: string): Set<string> {
  const found = text.matchAll(/\b(?:https?|git|ssh|git\+[a-z]{2,5}):\/\/(?:[^\s/"'@]{1,100}@)?([a-z0-9.-]{1,100})/gi);
  return new Set([...found].map(([, host = ""]) => host.toLowerCase()));
}

const MAX_SCRIPTS = 10;

/** Return the names of the scripts in a package.json that a change adds, changes or removes; null: npm cannot read the JSON. Pure. */
export function changedScripts(before: string, after: string): readonly string[] | null {
  const [old, fresh] = [scriptsOf(before), scriptsOf(after)];
  if (old === null || fresh === null) return null;
  const names = new Set([...Object.keys(old), ...Object.keys(fresh)]);
  return [...names].filter((name) => old[name] !== fresh[name]).slice(0, MAX_SCRIPTS);
}

/** Return the scripts of a package.json; null: not readable. An empty text, which represents a missing file, has none. */
function scriptsOf(text: string): Readonly<Record<string, string>> | null {
  if (text.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    const scripts = isObject(parsed) ? parsed["scripts"] : null;
    if (scripts === undefined || !isObject(scripts)) return scripts === undefined ? {} : null;
    return Object.fromEntries(Object.entries(scripts).map(([name, command]) => [name, JSON.stringify(command)]));
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).toLowerCase();
}
