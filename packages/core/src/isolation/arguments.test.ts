import { expect, test } from "vitest";
import { sandboxArguments, type SandboxSpec } from "./arguments.ts";

const SPEC: SandboxSpec = {
  mounts: [
    { kind: "write", path: "/data/tree" },
    { kind: "read", path: "/usr" },
    { kind: "link", path: "/bin", to: "usr/bin" },
    { kind: "read", path: "/etc/passwd", from: "/data/etc/passwd" },
  ],
  cwd: "/data/tree",
  lockFd: 3,
  seccompFd: 9,
  uid: 1001,
  procEntries: new Set(),
  devices: null,
  tmpBytes: 1024,
  nested: false,
};
const argumentsOf = (more: Partial<SandboxSpec> = {}) => sandboxArguments({ ...SPEC, ...more });
/** Whether these come one after the other. */
const has = (all: readonly string[], ...part: string[]) =>
  all.some((_, at) => part.every((word, offset) => all[at + offset] === word));

test.each([
  ["processes", ["--unshare-pid"]],
  ["the network", ["--unshare-net"]],
  ["shared memory", ["--unshare-ipc"]],
  ["users", ["--unshare-user"]],
  ["capabilities", ["--cap-drop", "ALL"]],
  ["its life", ["--die-with-parent"]],
  ["the terminal", ["--new-session"]],
  ["further namespaces", ["--disable-userns"]],
  ["the lock", ["--sync-fd", "3"]],
  ["system calls", ["--seccomp", "9"]],
  ["the size of /tmp", ["--size", "1024", "--tmpfs", "/tmp"]],
  ["the size of /var/tmp", ["--size", "1024", "--tmpfs", "/var/tmp"]],
  ["the size of /dev/shm", ["--size", "1024", "--tmpfs", "/dev/shm"]],
  ["other memory: /dev", ["--remount-ro", "/dev"]],
  ["other memory: the root", ["--remount-ro", "/"]],
  ["where it starts", ["--chdir", "/data/tree"]],
  ["a folder that it writes", ["--bind", "/data/tree", "/data/tree"]],
  ["a folder that it reads", ["--ro-bind", "/usr", "/usr"]],
  ["a file in place of another", ["--ro-bind", "/data/etc/passwd", "/etc/passwd"]],
  ["a link", ["--symlink", "usr/bin", "/bin"]],
])("a sandbox bounds %s", (_what, part) => {
  expect(has(argumentsOf(), ...part)).toBe(true);
});

test.each([
  ["no lock", { lockFd: null }, "--sync-fd"],
  ["no filter", { seccompFd: null }, "--seccomp"],
  ["a nested sandbox", { nested: true }, "--disable-userns"],
  ["an ordinary user", {}, "--uid"],
])("with %s there is no such argument: %j %s", (_what, more, word) => {
  expect(argumentsOf(more)).not.toContain(word);
});

test("devices of its own cover the machine's", () => {
  const args = argumentsOf({ devices: "/data/dev" });
  expect(has(args, "--dev-bind", "/data/dev/null", "/dev/null")).toBe(true);
  expect(args.indexOf("--dev-bind")).toBeGreaterThan(args.indexOf("--dev"));
  expect(argumentsOf()).not.toContain("--dev-bind");
});

test("a folder is mounted before what lies in it, whatever the order was", () => {
  const paths = ["/a/b/c", "/a", "/a/b"];
  const args = argumentsOf({ mounts: paths.map((path) => ({ kind: "read", path })) });
  const order = args.flatMap((word, at) => (word === "--ro-bind" ? [args[at + 1]] : []));
  expect(order).toEqual(["/a", "/a/b", "/a/b/c"]);
});

test("root is another user inside, and cannot change the kernel by files that root owns", () => {
  const args = argumentsOf({
    uid: 0,
    procEntries: new Set(["sys", "sysrq-trigger", "kcore", "acpi", "cpuinfo", "self"]),
  });
  expect(has(args, "--uid", "1000", "--gid", "1000")).toBe(true);
  expect(has(args, "--ro-bind", "/proc/sys", "/proc/sys")).toBe(true);
  expect(has(args, "--ro-bind", "/proc/sysrq-trigger", "/proc/sysrq-trigger")).toBe(true);
  expect(has(args, "--ro-bind", "/dev/null", "/proc/kcore")).toBe(true);
  expect(has(args, "--tmpfs", "/proc/acpi", "--remount-ro", "/proc/acpi")).toBe(true);
  expect(has(args, "--ro-bind", "/proc/cpuinfo", "/proc/cpuinfo")).toBe(true);
  expect(args).not.toContain("/proc/scsi"); // Not on this machine.
  expect(args).not.toContain("/proc/self"); // A link.
  expect(args.indexOf("/proc/sys")).toBeGreaterThan(args.indexOf("--proc"));
});

test("with a read-only /proc, one mount takes the place of one for each entry that is not hidden", () => {
  const args = argumentsOf({ uid: 0, readOnlyProc: true, procEntries: new Set(["sys", "kcore", "acpi", "self"]) });
  expect(has(args, "--remount-ro", "/proc", "--dev", "/dev")).toBe(true);
  expect(has(args, "--ro-bind", "/dev/null", "/proc/kcore")).toBe(true);
  expect(has(args, "--tmpfs", "/proc/acpi", "--remount-ro", "/proc/acpi")).toBe(true);
  expect(args).not.toContain("/proc/sys");
});
