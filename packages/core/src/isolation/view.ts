import { basename, delimiter, dirname, isAbsolute, join, normalize, relative } from "node:path";
import type { Mount } from "./arguments.ts";

/** Read access to the files of a machine. Links are followed, except by `linkOf`. */
export interface Machine {
  /** Type of a path; null: missing, or not readable. */
  kindOf(path: string): "file" | "folder" | null;
  /** Target of a link as it is written; null: the path is not a link. */
  linkOf(path: string): string | null;
  /** Path with all links resolved; null: it does not exist. */
  realPathOf(path: string): string | null;
  /** Names of the entries of a folder; empty: missing, or not readable. */
  namesIn(folder: string): readonly string[];
  /** Home folders of this machine's users, as they are configured. */
  homes(): readonly string[];
}

/** Folders of the system's programs. On systems with a merged `/usr`, most of them are links. */
const SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];

/**
 * Visible entries of `/etc`: those for TLS, the loader, locales, fonts and time. The rest may contain secrets of other programs (such as
 * `ssl/private`), which agents of a runner that is root could read.
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

/** Folder in `/etc` with the settings of a version of Java. */
const JAVA = /^java-\d+-openjdk$/;

/**
 * Folders of toolchains in a home folder. Below these, the libraries of a program are visible too. Of every other folder in a home folder,
 * only the `bin` is visible, because credentials may be beside it (`~/.cargo`, `~/.docker`, a project with its `.env`).
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
/** Folder of a Go release by `go install golang.org/dl/go1.22@latest`. */
const GO_RELEASE = /^sdk\/go\d[^/]*(?:\/|$)/;

/** Folders of installers with the programs to which links such as those in `~/.local/bin` point. None contains credentials. */
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
  /** Environment of the agent: its PATH, and variables with paths of toolchains. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables whose value is a folder of a toolchain. */
  readonly toolchains: readonly string[];
  /** Home folder of the user who runs tac8; null: unknown. */
  readonly userHome: string | null;
  /** Programs that are started, and files in their arguments. */
  readonly programs: readonly string[];
  /** Absolute paths of the keys `agent.read` and `agent.write`. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Folders and files that must not be visible: tac8's data folder, its configuration, and files with secrets. */
  readonly secret: readonly string[];
}

/**
 * Return the parts of this machine that agents need: the system's programs, the toolchains on their PATH, and the paths that the operator
 * added. It never contains a folder with one of `secret`, or a user's home folder. It only reads links and types of paths.
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
  return [...mounts.values()].filter((mount) => !isRepeated(mount, mounts));
}

/**
 * Return whether a mount shows only what the mount around it shows at the same path, read-only too. bubblewrap reads the list of all mounts
 * again for each mount, so each one costs about 0.2 ms of CPU time.
 */
function isRepeated(mount: Mount, mounts: ReadonlyMap<string, Mount>): boolean {
  if (mount.kind !== "read" || mount.path === "/") return false;
  for (let at = dirname(mount.path); at !== "/"; at = dirname(at)) {
    const outer = mounts.get(at);
    if (outer === undefined) continue;
    const from = outer.kind === "read" ? join(outer.from ?? at, relative(at, mount.path)) : null;
    return from === (mount.from ?? mount.path);
  }
  return false;
}

/** Return why a path that the operator has added is not visible for agents, as the end of a clause after "because it"; null: it is. */
export function whyNotShown(
  path: string,
  options: Pick<ViewOptions, "userHome" | "secret">,
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

/**
 * Return why a path must not be visible; null: it may be. It must not be the root of the file system, be or contain a home folder, or
 * contain or be inside a secret path.
 */
function whyUnsafe(path: string, { hidden, homes, machine }: Unsafe): string | null {
  const all = spellings([path], machine);
  if (all.includes("/")) return "is the root of the file system";
  const home = homes.find((one) => all.some((each) => holds(each, one)));
  if (home !== undefined) return `is or contains the home folder ${home}`;
  const secret = hidden.find((one) => all.some((each) => isSecret(each, [one])));
  return secret === undefined ? null : `contains or is inside ${secret}, which agents must not see`;
}

/**
 * Return the first of `secret` that is in a folder of the system's programs, which every agent in a sandbox can read; null: none is. It only
 * reads links.
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

/** Return the first of `folders` that is `path` or inside it; null: none is. Links are followed. It only reads links. */
export function firstInside(path: string, folders: readonly string[], machine: Machine): string | null {
  const outer = spellings([path], machine);
  const isInside = (one: string) => spellings([one], machine).some((inner) => outer.some((each) => holds(each, inner)));
  return folders.find((one) => isAbsolute(one) && isInside(one)) ?? null;
}

/** Return the files and folders of the toolchains, which are not checked yet. */
function toolPaths(
  options: ViewOptions,
  { homes, machine }: { readonly homes: readonly string[]; readonly machine: Machine },
): string[] {
  const { env, toolchains, userHome, programs } = options;
  const found: string[] = [];
  for (const name of toolchains) {
    const path = env[name];
    if (path !== undefined && isAbsolute(path) && machine.kindOf(path) !== null) found.push(path);
  }
  if (userHome !== null) {
    found.push(...INSTALLED.map((path) => join(userHome, path)).filter((path) => machine.kindOf(path) === "folder"));
  }
  for (const written of (env["PATH"] ?? "").split(delimiter)) {
    const folder = plain(written);
    if (!isAbsolute(folder) || machine.kindOf(folder) !== "folder") continue;
    found.push(folder, ...installationOf(folder, homes, machine));
    const real = machine.realPathOf(folder);
    if (real !== null && real !== folder) found.push(real, ...installationOf(real, homes, machine));
  }
  for (const program of programs) {
    // Every link to the program must be visible, and finally the files that the program itself reads.
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

/** Return `<root>` for a folder `<root>/bin`, because libraries are beside it. In a home folder, credentials may be beside it too. */
function installationOf(folder: string, homes: readonly string[], machine: Machine): string[] {
  const [, root] = /^(.*)\/(?:s?bin|shims|\.bin)$/.exec(folder) ?? [];
  if (root === undefined || root.split("/").length < 3) return [];
  const isPlain = spellings([root], machine).every((path) =>
    homes.every((home) => !holds(home, path) || isToolchain(relative(home, path))),
  );
  return isPlain ? [root] : [];
}

/** Return whether a path is in a folder of toolchains. `path`: relative to a home folder. */
function isToolchain(path: string): boolean {
  return GO_RELEASE.test(path) || TOOLCHAIN_FOLDERS.some((folder) => holds(folder, path));
}

/** Return the outermost `node_modules` that contains a program, because its dependencies may be anywhere inside. */
function packageOf(file: string): string[] {
  const at = file.indexOf("/node_modules/");
  return at < 0 ? [] : [file.slice(0, at + "/node_modules".length)];
}

function isShown(path: string, mounts: ReadonlyMap<string, Mount>): boolean {
  for (let at = path; at !== "/" && at !== "."; at = dirname(at)) if (mounts.has(at)) return true;
  return false;
}

/** Return the home folders of all users. Those of other users contain credentials too, and root may read them. */
function homesOf({ userHome }: Pick<ViewOptions, "userHome">, machine: Machine): string[] {
  return spellings([...(userHome === null ? [] : [userHome]), ...machine.homes()], machine).filter(
    (path) => path !== "/",
  );
}

/** Return whether a folder contains a hidden path, or is inside one. */
function isSecret(path: string, hidden: readonly string[]): boolean {
  return hidden.some((one) => holds(path, one) || holds(one, path));
}

/** Return each path as it is written and with its links resolved, because a mount follows links. */
function spellings(paths: readonly string[], machine: Machine): string[] {
  return [...new Set(paths.flatMap((path) => [plain(path), realOf(plain(path), machine)]))];
}

/** Return the real path. For a path that does not exist yet, the nearest existing parent counts. */
function realOf(path: string, machine: Machine): string {
  const real = machine.realPathOf(path);
  if (real !== null || path === dirname(path)) return real ?? path;
  return join(realOf(dirname(path), machine), basename(path));
}

/** Return a path without `..`, double slashes and a trailing slash. */
function plain(path: string): string {
  return normalize(path).replace(/(?<=.)\/+$/, "");
}

/** Return whether `path` is `folder`, or is inside it. */
function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
