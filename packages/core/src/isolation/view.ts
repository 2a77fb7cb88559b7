import { basename, delimiter, dirname, isAbsolute, join, normalize, relative } from "node:path";
import type { Mount } from "./arguments.ts";

/** What is asked of this machine's files. Links are followed, except by `linkOf`. */
export interface Machine {
  /** Null: nothing is there, or it cannot be read. */
  kindOf(path: string): "file" | "folder" | null;
  /** Target of a link as it is written; null: it is no link. */
  linkOf(path: string): string | null;
  /** Null: nothing is there. */
  realPathOf(path: string): string | null;
  /** Names of what is in a folder; empty: nothing is there, or it cannot be read. */
  namesIn(folder: string): readonly string[];
  /** Home folders of this machine's users, as they are written. */
  homes(): readonly string[];
}

/** Folders of the system's programs. On merged systems most of them are links into `/usr`. */
const SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];

/**
 * Of `/etc`, which has secrets of other programs (such as `ssl/private`): what TLS, the loader, locales, fonts and time need.
 * Agents of a runner that is root read what root alone may read, too.
 */
const ETC = `
ld.so.cache ld.so.conf ld.so.conf.d alternatives ca-certificates.conf crypto-policies
ssl/certs ssl/cert.pem ssl/openssl.cnf pki/ca-trust pki/tls/certs pki/tls/cert.pem pki/java
localtime timezone locale.alias locale.conf default/locale fonts mime.types magic
protocols services nsswitch.conf os-release debian_version lsb-release
inputrc terminfo maven/m2.conf maven/logging
python3 perl ImageMagick-6 sgml xml chromium chromium.d OpenCL vdpau_wrapper.cfg
`
  .trim()
  .split(/\s+/)
  .map((name) => `/etc/${name}`);

/** Settings of each version of Java. */
const JAVA = /^java-\d+-openjdk$/;

/**
 * Folders of toolchains in a home folder: below these, a program's libraries are shown with it. Of every other folder in a home
 * folder only the `bin` is shown, because credentials may be beside it (`~/.cargo`, `~/.docker`, a project with its `.env`).
 */
const TOOLCHAIN_FOLDERS = `
.nvm/versions .pyenv .rbenv .nodenv .goenv .plenv .phpenv .jenv .rvm .gvm .rustup .bun .deno .volta .asdf .sdkman .dotnet
.elan .ghcup .juliaup .proto .moon .opam .nvs .linuxbrew .nix-profile .local/state/nix .local/go .stack/programs
.local/share/mise .local/share/rtx .local/share/pnpm .local/share/uv .local/share/fnm .local/share/swiftly
.local/share/pipx/venvs .local/pipx/venvs .local/share/gem/ruby .gem/ruby .composer/vendor .config/composer/vendor
go/pkg/mod/golang.org Android/Sdk
`
  .trim()
  .split(/\s+/);
/** Of `go install golang.org/dl/go1.22@latest`. */
const GO_RELEASE = /^sdk\/go\d[^/]*(?:\/|$)/;

/** Where installers put the programs that links in `~/.local/bin` and the like lead to. None has credentials. */
const INSTALLED = [
  ".local/share/uv/tools",
  ".local/share/uv/python",
  ".local/pipx/venvs",
  ".local/share/pipx/venvs",
  ".local/share/claude/versions",
  ".claude/local",
  ".local/lib",
  ".local/share/pnpm/global",
  ".bun/install/global",
];

export interface ViewOptions {
  /** Environment of the agent: its PATH, and variables that name toolchains. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables whose value is a folder of a toolchain. */
  readonly toolchains: readonly string[];
  /** Home folder of the user who runs tac8; null: unknown. */
  readonly owner: string | null;
  /** Programs that are started, and files that their arguments name. */
  readonly programs: readonly string[];
  /** Keys `agent.read` and `agent.write`, absolute. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Folders and files that must not be seen: tac8's data folder, its configuration, and files with secrets. */
  readonly secret: readonly string[];
}

/**
 * Return the parts of this machine that agents need: the system's programs, the toolchains on their PATH, and what the operator
 * added; never a folder that holds one of `secret`, or a user's home folder. Reads links and kinds of paths, changes nothing.
 */
export function machineView(options: ViewOptions, machine: Machine): Mount[] {
  const mounts = new Map<string, Mount>();
  const hidden = spellings(options.secret, machine);
  const homes = homesOf(options, machine);
  const isSafe = (path: string): boolean => whyUnsafe(path, { hidden, homes, machine }) === null;
  const show = (path: string, kind: "read" | "write" = "read"): void => {
    const real = machine.realPathOf(path);
    if (real === null || machine.kindOf(real) === null) return;
    if (kind === "read" && isShown(path, mounts)) return;
    mounts.set(path, real === path ? { kind, path } : { kind, path, from: real });
  };
  for (const path of SYSTEM) {
    const to = machine.linkOf(path);
    if (to !== null) mounts.set(path, { kind: "link", path, to });
    else if (!isSecret(path, hidden)) show(path);
  }
  const java = machine.namesIn("/etc").filter((name) => JAVA.test(name));
  const found = [
    ...ETC,
    ...java.map((name) => `/etc/${name}`),
    ...toolPaths(options, { homes, machine }),
    ...options.read,
  ];
  for (const path of found.map(plain).filter(isSafe)) show(path);
  for (const path of options.write.map(plain).filter(isSafe)) show(path, "write");
  return [...mounts.values()];
}

/** Why a path that the operator has added is not shown to agents: a few words after "because it"; null: it is shown. */
export function whyNotShown(
  path: string,
  options: Pick<ViewOptions, "owner" | "secret">,
  machine: Machine,
): string | null {
  const hidden = spellings(options.secret, machine);
  const why = whyUnsafe(plain(path), { hidden, homes: homesOf(options, machine), machine });
  return why ?? (machine.kindOf(plain(path)) === null ? "does not exist, or cannot be read" : null);
}

interface Unsafe {
  readonly hidden: readonly string[];
  readonly homes: readonly string[];
  readonly machine: Machine;
}

/** Null: neither the file system's root, nor a home folder or what holds one, nor what holds or lies in something secret. */
function whyUnsafe(path: string, { hidden, homes, machine }: Unsafe): string | null {
  const all = spellings([path], machine);
  if (all.includes("/")) return "is the root of the file system";
  const home = homes.find((one) => all.some((each) => holds(each, one)));
  if (home !== undefined) return `is or contains the home folder ${home}`;
  const secret = hidden.find((one) => all.some((each) => isSecret(each, [one])));
  return secret === undefined ? null : `contains or is inside ${secret}, which agents must not see`;
}

/**
 * The first of `secret` that lies in a folder of the system's programs, which every agent in a sandbox reads; null: none does.
 * Reads links, changes nothing.
 */
export function secretInSystem(
  secret: readonly string[],
  machine: Machine,
): { readonly path: string; readonly folder: string } | null {
  for (const path of secret) {
    const folder = SYSTEM.find((one) => machine.linkOf(one) === null && isSecret(one, spellings([path], machine)));
    if (folder !== undefined) return { path, folder };
  }
  return null;
}

/** The first of `folders` that is `path` or lies in it; null: none does. Links are followed. Reads links, changes nothing. */
export function firstInside(path: string, folders: readonly string[], machine: Machine): string | null {
  const outer = spellings([path], machine);
  const isInside = (one: string) => spellings([one], machine).some((inner) => outer.some((each) => holds(each, inner)));
  return folders.find((one) => isAbsolute(one) && isInside(one)) ?? null;
}

/** Files and folders of the toolchains; not checked yet. */
function toolPaths(
  options: ViewOptions,
  { homes, machine }: { readonly homes: readonly string[]; readonly machine: Machine },
): string[] {
  const { env, toolchains, owner, programs } = options;
  const found: string[] = [];
  for (const name of toolchains) {
    const path = env[name];
    if (path !== undefined && isAbsolute(path) && machine.kindOf(path) !== null) found.push(path);
  }
  if (owner !== null) {
    found.push(...INSTALLED.map((path) => join(owner, path)).filter((path) => machine.kindOf(path) === "folder"));
  }
  for (const written of (env["PATH"] ?? "").split(delimiter)) {
    const folder = plain(written);
    if (!isAbsolute(folder) || machine.kindOf(folder) !== "folder") continue;
    found.push(folder, ...installationOf(folder, homes, machine));
    const real = machine.realPathOf(folder);
    if (real !== null && real !== folder) found.push(real, ...installationOf(real, homes, machine));
  }
  for (const program of programs) {
    // Each link on the way has to be there, and at the end what the file itself reads.
    for (let path: string | null = program, hops = 0; path !== null && hops < 20; hops += 1) {
      if (!isAbsolute(path) || machine.kindOf(path) !== "file") break;
      found.push(path);
      const target: string | null = machine.linkOf(path);
      path = target === null ? null : join(isAbsolute(target) ? "/" : dirname(path), target);
    }
    const real = machine.realPathOf(program);
    if (real !== null && machine.kindOf(real) === "file") found.push(real, ...packageOf(real));
  }
  return found;
}

/** `<root>` of a folder `<root>/bin`: its libraries are beside it. In a home folder, so may credentials be. */
function installationOf(folder: string, homes: readonly string[], machine: Machine): string[] {
  const [, root] = /^(.*)\/(?:s?bin|shims|\.bin)$/.exec(folder) ?? [];
  if (root === undefined || root.split("/").length < 3) return [];
  const isPlain = spellings([root], machine).every((path) =>
    homes.every((home) => !holds(home, path) || isToolchain(relative(home, path))),
  );
  return isPlain ? [root] : [];
}

/** `path`: relative to a home folder. */
function isToolchain(path: string): boolean {
  return GO_RELEASE.test(path) || TOOLCHAIN_FOLDERS.some((folder) => holds(folder, path));
}

/** The outermost `node_modules` that a program lies in: its dependencies may be anywhere in it. */
function packageOf(file: string): string[] {
  const at = file.indexOf("/node_modules/");
  return at < 0 ? [] : [file.slice(0, at + "/node_modules".length)];
}

function isShown(path: string, mounts: ReadonlyMap<string, Mount>): boolean {
  for (let at = path; at !== "/" && at !== "."; at = dirname(at)) if (mounts.has(at)) return true;
  return false;
}

/** Home folders of all users: other users' folders have credentials, too, and root may read them. */
function homesOf({ owner }: Pick<ViewOptions, "owner">, machine: Machine): string[] {
  return spellings([...(owner === null ? [] : [owner]), ...machine.homes()], machine).filter((path) => path !== "/");
}

/** Whether a folder holds something hidden, or lies in it. */
function isSecret(path: string, hidden: readonly string[]): boolean {
  return hidden.some((one) => holds(path, one) || holds(one, path));
}

/** Each path as it is written and with its links followed, because a mount follows them. */
function spellings(paths: readonly string[], machine: Machine): string[] {
  return [...new Set(paths.flatMap((path) => [plain(path), realOf(plain(path), machine)]))];
}

/** Also of a path that is not there yet: its nearest parent counts. */
function realOf(path: string, machine: Machine): string {
  const real = machine.realPathOf(path);
  if (real !== null || path === dirname(path)) return real ?? path;
  return join(realOf(dirname(path), machine), basename(path));
}

/** Without `..`, doubled slashes and the one at the end. */
function plain(path: string): string {
  return normalize(path).replace(/(?<=.)\/+$/, "");
}

/** Whether `path` is `folder`, or lies in it. */
function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
