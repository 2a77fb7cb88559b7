/** A part of this machine that is visible in a sandbox. Paths are absolute. */
export type Mount =
  | { readonly kind: "read" | "write"; readonly path: string; /** Default: the same path. */ readonly from?: string }
  | { readonly kind: "link"; readonly path: string; readonly to: string };

export interface SandboxSpec {
  readonly mounts: readonly Mount[];
  /** Working directory of the program, which is visible in the sandbox. */
  readonly cwd: string;
  /** Descriptor of a lock that the sandbox's first process keeps until every process in it is dead; null: none. */
  readonly lockFd: number | null;
  /** Descriptor of a filter for system calls, see `seccompFilter`; null: none. */
  readonly seccompFd?: number | null;
  /** User id of the process that starts the sandbox. */
  readonly uid: number;
  /** Names of the entries of `/proc`. Only read for root. */
  readonly procEntries: ReadonlySet<string>;
  /**
   * For root: programs write to nothing in `/proc`, not even to entries of their own process. By default they can write to those.
   * One mount takes the place of one for each entry, and a sandbox starts in half of the time.
   */
  readonly readOnlyProc?: boolean;
  /** Folder with nodes of `DEVICES` in place of the machine's own; null: the machine's own are used, which only root can change. */
  readonly devices: string | null;
  /** Size of `/tmp`, in bytes; it is memory. */
  readonly tmpBytes: number;
  /** Whether programs may create user namespaces. */
  readonly nested: boolean;
}

/** User id inside the sandbox of a runner that is root, because tools refuse root or behave differently for it. */
export const INNER_UID = 1000;
const SHM_BYTES = 256 * 1024 ** 2;

/** Devices of every sandbox: those that `bwrap --dev` takes from the machine. Numbers: Documentation/admin-guide/devices.txt of Linux. */
export const DEVICES = [
  { name: "null", major: 1, minor: 3 },
  { name: "zero", major: 1, minor: 5 },
  { name: "full", major: 1, minor: 7 },
  { name: "random", major: 1, minor: 8 },
  { name: "urandom", major: 1, minor: 9 },
  { name: "tty", major: 5, minor: 0 },
] as const;

/** Entries of `/proc` that show other programs or the machine's memory. The list is the one of Docker. */
const PROC_HIDDEN_FOLDERS = ["acpi", "asound", "scsi"];
const PROC_HIDDEN_FILES = [
  "kcore",
  "keys",
  "latency_stats",
  "timer_list",
  "timer_stats",
  "sched_debug",
  "kmsg",
  "vmcore",
];
/** Links to folders of the process that reads them. */
const PROC_LINKS = ["self", "thread-self", "net", "mounts"];

/**
 * Return the arguments of `bwrap` (0.8 or later) before its program. The sandbox has the files of `mounts`, an empty `/tmp`, only the
 * loopback network, no capabilities, and no processes from outside. All its processes die with the process that started it. Pure.
 */
export function sandboxArguments(spec: SandboxSpec): string[] {
  const { mounts, cwd, lockFd, seccompFd = null, uid, tmpBytes, nested } = spec;
  const own = uid === 0 ? ["--uid", String(INNER_UID), "--gid", String(INNER_UID)] : [];
  return [
    ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    own,
    nested ? [] : ["--disable-userns"],
    ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "tac8"],
    lockFd === null ? [] : ["--sync-fd", String(lockFd)],
    seccompFd === null ? [] : ["--seccomp", String(seccompFd)],
    ["--perms", "0755", "--dir", "/tmp", "--proc", "/proc"],
    uid === 0 ? procArguments(spec) : [],
    ["--dev", "/dev", ...deviceArguments(spec)],
    ["--perms", "1777", "--size", String(Math.min(tmpBytes, SHM_BYTES)), "--tmpfs", "/dev/shm"],
    ["--perms", "1777", "--size", String(tmpBytes), "--tmpfs", "/tmp"],
    // Not a link to /tmp: a folder of an issue may be below it, and a mount does not follow a link.
    ["--dir", "/var", "--perms", "1777", "--size", String(Math.min(tmpBytes, SHM_BYTES)), "--tmpfs", "/var/tmp"],
    // Mount a folder before its content, because a later mount covers an earlier one.
    mounts.toSorted((a, b) => (a.path < b.path ? -1 : 1)).flatMap(mountArguments),
    // Otherwise programs could use unlimited memory there.
    ["--remount-ro", "/dev", "--remount-ro", "/"],
    ["--chdir", cwd],
  ].flat();
}

function deviceArguments({ devices }: SandboxSpec): string[] {
  if (devices === null) return [];
  return DEVICES.flatMap(({ name }) => ["--dev-bind", `${devices}/${name}`, `/dev/${name}`]);
}

function mountArguments(mount: Mount): string[] {
  if (mount.kind === "link") return ["--symlink", mount.to, mount.path];
  return [mount.kind === "read" ? "--ro-bind" : "--bind", mount.from ?? mount.path, mount.path];
}

/**
 * Return the arguments that make the entries of `/proc` read-only, for a runner that is root. Root's uid owns these entries, and for many
 * of them the kernel checks nothing else: a program without capabilities could write `/proc/sys/kernel/core_pattern`.
 */
function procArguments({ procEntries, readOnlyProc = false }: SandboxSpec): string[] {
  const entries = [...procEntries].flatMap((name) => {
    const path = `/proc/${name}`;
    if (PROC_LINKS.includes(name) || (readOnlyProc && !isHidden(name))) return [];
    if (PROC_HIDDEN_FOLDERS.includes(name)) return ["--size", "4096", "--tmpfs", path, "--remount-ro", path];
    return ["--ro-bind", PROC_HIDDEN_FILES.includes(name) ? "/dev/null" : path, path];
  });
  return [...entries, ...(readOnlyProc ? ["--remount-ro", "/proc"] : [])];
}

function isHidden(name: string): boolean {
  return PROC_HIDDEN_FOLDERS.includes(name) || PROC_HIDDEN_FILES.includes(name);
}
