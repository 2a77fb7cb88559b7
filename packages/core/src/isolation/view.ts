import { delimiter, dirname, isAbsolute, join } from "node:path";
import type { Mount } from "./arguments.ts";

/** What is asked of this machine's files. Links are followed, except by `linkOf`. */
export interface Machine {
  /** Null: nothing is there, or it cannot be read. */
  kindOf(path: string): "file" | "folder" | null;
  /** Target of a link as it is written; null: it is no link. */
  linkOf(path: string): string | null;
  /** Null: nothing is there. */
  realPathOf(path: string): string | null;
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
bash.bashrc profile inputrc terminfo java-17-openjdk java-21-openjdk java-11-openjdk
python3 perl ImageMagick-6 sgml xml chromium chromium.d OpenCL vdpau_wrapper.cfg
`
  .trim()
  .split(/\s+/)
  .map((name) => `/etc/${name}`);

/** Folders in a person's home folder that also hold credentials: of their `bin`, only that folder is shown. */
const MIXED = ["", ".local", ".cargo", ".npm-global", ".config", ".gem", ".m2", ".gradle", ".composer", "go"];

/**
 * Hidden folders of programs in a person's home folder, or in its `.config`, often hold the program's login too (`.fly`, `.docker`, `.pulumi`,
 * `.foundry`): of their `bin`, only that folder is shown. These need what is beside it, and have no login.
 */
const PROGRAM_FOLDER = /^(?:\.config\/[^/]+|\.[^/]+)$/;
const PLAIN = [".ghcup", ".bun", ".deno", ".volta", ".asdf", ".pyenv", ".rbenv", ".nodenv", ".goenv", ".juliaup"];

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
  /** Folders and files that must not be seen: tac8's data folder and its configuration. */
  readonly secret: readonly string[];
}

/**
 * Return the parts of this machine that agents need: the system's programs, the toolchains on their PATH, and what the operator
 * added; never a folder that holds one of `secret`, or a person's home folder. Reads links and kinds of paths, changes nothing.
 */
export function machineView(options: ViewOptions, machine: Machine): Mount[] {
  const mounts = new Map<string, Mount>();
  const show = (path: string): void => {
    if (machine.kindOf(path) !== null && !isShown(path, mounts)) mounts.set(path, { kind: "read", path });
  };
  for (const path of SYSTEM) {
    const to = machine.linkOf(path);
    if (to === null) show(path);
    else mounts.set(path, { kind: "link", path, to });
  }
  for (const path of ETC) show(path);
  const safe = (path: string): boolean => isSafe(path, options);
  for (const path of [...toolPaths(options, machine), ...options.read].filter(safe)) show(path);
  for (const path of options.write.filter(safe)) {
    if (machine.kindOf(path) !== null) mounts.set(path, { kind: "write", path });
  }
  return [...mounts.values()];
}

/** Files and folders of the toolchains; not checked yet. */
function toolPaths(options: ViewOptions, machine: Machine): string[] {
  const { env, toolchains, owner, programs } = options;
  const found: string[] = [];
  for (const name of toolchains) {
    const path = env[name];
    if (path !== undefined && isAbsolute(path) && machine.kindOf(path) !== null) found.push(path);
  }
  if (owner !== null) {
    found.push(...INSTALLED.map((path) => join(owner, path)).filter((path) => machine.kindOf(path) === "folder"));
  }
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    if (!isAbsolute(folder) || machine.kindOf(folder) !== "folder") continue;
    found.push(folder, ...installationOf(folder, owner, machine));
    const real = machine.realPathOf(folder);
    if (real !== null && real !== folder) found.push(real, ...installationOf(real, owner, machine));
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

/** `<root>` of a folder `<root>/bin`: its libraries are beside it. */
function installationOf(folder: string, owner: string | null, machine: Machine): string[] {
  const [, root] = /^(.*)\/(?:s?bin|shims|\.bin)$/.exec(folder) ?? [];
  if (root === undefined || root.split("/").length < 3) return [];
  const real = machine.realPathOf(root) ?? root;
  const inHome = (path: string): string | null =>
    owner !== null && path.startsWith(`${owner}/`) ? path.slice(owner.length + 1) : null;
  const names = [root, real].flatMap((path) => inHome(path) ?? []);
  if (names.some((name) => PROGRAM_FOLDER.test(name) && !PLAIN.includes(name))) return [];
  const mixed = owner === null ? [] : MIXED.map((path) => join(owner, path));
  return mixed.some((path) => path === root || path === real || machine.realPathOf(path) === real) ? [] : [root];
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

/** Neither the file system's root, nor a person's home folder, nor what holds or lies in something secret. */
function isSafe(path: string, { owner, secret }: ViewOptions): boolean {
  if (path === "/" || (owner !== null && holds(path, owner))) return false;
  return !secret.some((hidden) => holds(path, hidden) || holds(hidden, path));
}

/** Whether `path` is `folder`, or lies in it. */
function holds(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
