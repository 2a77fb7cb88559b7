import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProgram } from "../app/findProgram.ts";
import { sandboxArguments, type Mount } from "./arguments.ts";
import { procEntries, thisMachine } from "./machine.ts";
import { explain, passingTrouble, probeSandbox } from "./probe.ts";
import { runBehind, tryAccess, type AccessAttempt } from "./reach.ts";
import { machineView, type ViewOptions } from "./view.ts";

const PATH = process.env["PATH"] ?? "";
const uid = process.getuid?.() ?? 0;
const NOTHING: ViewOptions = {
  env: {},
  toolchains: [],
  userHome: null,
  programs: [],
  read: [],
  write: [],
  secret: [],
};
const bwrap = findProgram("bwrap", { path: PATH, cwd: "/" });

/** The command line of a sandbox with these mounts, up to the program. */
function sandboxOf(mounts: readonly Mount[]): string[] {
  const spec = {
    mounts,
    cwd: "/tmp",
    lockFd: null,
    uid,
    procEntries: procEntries(),
    devices: null,
    tmpBytes: 65_536,
    nested: false,
  };
  return [bwrap ?? "", ...sandboxArguments(spec), "--"];
}

let dir = "";
let server: Server;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-isolation-"));
  server = createServer((socket) => socket.end()).listen(join(dir, "s"));
  await once(server, "listening");
});
afterEach(async () => {
  server.close();
  await rm(dir, { recursive: true });
});

test("without bwrap there is one command to type", async () => {
  expect(await probeSandbox({ path: dir, uid, secret: [] })).toEqual({
    works: false,
    why: "bwrap was not found",
    fix: "sudo apt-get install bubblewrap",
  });
});

test("without bash, which guards sandboxes, there is another", async () => {
  await writeFile(join(dir, "bwrap"), "#!/bin/sh\nexit 0\n");
  await chmod(join(dir, "bwrap"), 0o755);
  expect(await probeSandbox({ path: dir, uid, secret: [] })).toEqual({
    works: false,
    why: "bash, which sandboxes need, was not found",
    fix: "sudo apt-get install bash",
  });
});

test("a bwrap that cannot start anything is not taken", async () => {
  await writeFile(join(dir, "bwrap"), "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n");
  await chmod(join(dir, "bwrap"), 0o755);
  const probe = await probeSandbox({ path: `${dir}:${PATH}`, uid, secret: [] });
  expect(probe).toMatchObject({ works: false, why: expect.stringContaining("No permissions") });
});

test("a bwrap that does not answer in time, or is killed, says nothing about this machine", async () => {
  const file = join(dir, "bwrap");
  await writeFile(file, "#!/bin/sh\nread forever\n");
  await chmod(file, 0o755);
  const probe = (limitMs: number) => probeSandbox({ path: `${dir}:${PATH}`, uid, secret: [], limitMs });
  await expect(probe(200)).rejects.toThrow(
    "could not test bwrap (no response within 0.2 s): this machine is overloaded",
  );
  await writeFile(file, "#!/bin/sh\nkill -KILL $$\n");
  await expect(probe(60_000)).rejects.toThrow("could not test bwrap (it was killed)");
});

test.each([
  ["EAGAIN", "spawn bwrap EAGAIN", "EAGAIN"],
  ["ENOMEM", "spawn ENOMEM", "ENOMEM"],
  ["EMFILE", "spawn bwrap EMFILE", "EMFILE"],
  ["ENFILE", "spawn bwrap ENFILE", "ENFILE"],
  [1, "bwrap: Can't fork: Resource temporarily unavailable", "bwrap: Can't fork: Resource temporarily unavailable"],
  ["EACCES", "spawn bwrap EACCES", null],
  [1, "bwrap: No permissions to create new namespace", null],
])("a start that fails with %s (%s): what may pass is %s", (code, output, passing) => {
  expect(passingTrouble({ error: { message: output, code }, output, limitMs: 1000 })).toBe(passing);
});

test.skipIf(bwrap === null)("a data folder among the system's programs is refused in one line", async () => {
  const probe = await probeSandbox({ path: PATH, uid, secret: ["/usr/local/tac8"] });
  expect(probe).toMatchObject({ works: false, why: "/usr/local/tac8 is in /usr, which sandboxed agents can read" });
});

test.each([
  ["an old version", "bwrap: Unknown option --disable-userns", {}, "0.8"],
  ["a container", "No permissions", { isContainer: true }, "seccomp=unconfined"],
  ["Ubuntu", "setting up uid map: Permission denied", { restricted: true }, "/etc/apparmor.d/bwrap"],
  ["a kernel that forbids it", "No permissions", {}, "sysctl"],
])("what to do about %s", (_what, output, where, fix) => {
  const { why, fix: advice } = explain(output, { restricted: false, isContainer: false, ...where });
  expect(`${why}: ${advice}`).toContain(fix);
});

test.skipIf(bwrap === null)("links lead to nothing secret, and to what the operator adds", async () => {
  const [data, home, added] = ["disk/data", "users/bob", "added"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const folders = [data, home, added, join(home, "project/bin"), join(dir, "work")];
  for (const folder of folders) await mkdir(folder, { recursive: true });
  for (const file of [join(data, "x"), join(home, "x"), join(home, "project/.env"), join(added, "x")]) {
    await writeFile(file, "x");
  }
  const links = { home: "disk/data", disk2: "disk", bob: "users/bob", tools: "users/bob/project", more: "added" };
  for (const [name, to] of Object.entries(links)) await symlink(join(dir, to), join(dir, name));
  const at = (...names: string[]) => names.map((name) => join(dir, name));
  const view = {
    env: { PATH: at("tools/bin", "users/bob/project/bin").join(":") },
    toolchains: [],
    userHome: null,
    programs: [process.execPath],
    read: [...at("disk", "disk2", "home", "bob", "more"), `${home}/`],
    write: [...at("disk2"), `${home}/`],
    secret: [join(dir, "home")],
  };
  const mounts = machineView(view, { ...thisMachine, homes: () => [home] });
  const launch = sandboxOf(mounts);
  const paths = [
    "disk/data/x",
    "disk2/data/x",
    "home/x",
    "bob/x",
    "users/bob/x",
    "users/bob/project/.env",
    "tools/.env",
  ];
  const attempts = at(...paths, "more/x").map((path): AccessAttempt => ({ what: path, kind: "read", path }));
  const reached = async (from: readonly string[]) =>
    (await tryAccess(attempts, { run: runBehind(from), node: process.execPath, env: {} })).map((one) => one.reached);
  expect(await reached([])).toEqual(attempts.map(() => true));
  expect(await reached(launch)).toEqual([...paths.map(() => false), true]);
});

test.skipIf(bwrap === null)("in /var/tmp agents see what is theirs, and nothing else", async () => {
  const below = await mkdtemp("/var/tmp/tac8-isolation-");
  try {
    await writeFile(join(below, "x"), "x");
    const mounts: Mount[] = [
      ...machineView({ ...NOTHING, programs: [process.execPath] }, thisMachine),
      { kind: "read", path: join(below, "x") },
    ];
    const launch = sandboxOf(mounts);
    const attempts: AccessAttempt[] = [{ what: "a file", kind: "read", path: join(below, "x") }];
    const reached = await tryAccess(attempts, { run: runBehind(launch), node: process.execPath, env: {} });
    expect(reached).toMatchObject([{ reached: true }]);
  } finally {
    await rm(below, { recursive: true });
  }
});

test.skipIf(bwrap === null)("in a sandbox an agent reaches none of what it reaches outside", async () => {
  const secret = join(dir, "secret");
  await writeFile(secret, "x");
  const tcp = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const address = tcp.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const attempts: AccessAttempt[] = [
    { what: "a file", kind: "read", path: secret },
    { what: "a folder", kind: "list", path: dir },
    { what: "a socket", kind: "socket", path: join(dir, "s") },
    { what: "a port", kind: "connect", host: "127.0.0.1", port },
    { what: "an environment", kind: "read", path: `/proc/${process.pid}/environ` },
  ];
  const view = { ...NOTHING, programs: [process.execPath], secret: [dir] };
  const mounts = machineView(view, thisMachine);
  const launch = sandboxOf(mounts);
  const given = { node: process.execPath, env: {} };
  const reached = (all: readonly { reached: boolean }[]) => all.map((one) => one.reached);
  expect(reached(await tryAccess(attempts, { ...given, run: runBehind([]) }))).toEqual(attempts.map(() => true));
  expect(reached(await tryAccess(attempts, { ...given, run: runBehind(launch) }))).toEqual(attempts.map(() => false));
  tcp.close();
});
