import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProgram } from "../app/findProgram.ts";
import { sandboxArguments } from "./arguments.ts";
import { procEntries, thisMachine } from "./machine.ts";
import { explain, probeSandbox } from "./probe.ts";
import { tryToReach, type Attempt } from "./reach.ts";
import { machineView } from "./view.ts";

const PATH = process.env["PATH"] ?? "";
const uid = process.getuid?.() ?? 0;
const bwrap = findProgram("bwrap", { path: PATH, cwd: "/" });

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
  expect(await probeSandbox({ path: dir, uid })).toEqual({
    works: false,
    why: "bwrap was not found",
    fix: "sudo apt-get install bubblewrap",
  });
});

test("a bwrap that cannot start anything is not taken", async () => {
  await writeFile(join(dir, "bwrap"), "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n");
  await chmod(join(dir, "bwrap"), 0o755);
  const probe = await probeSandbox({ path: `${dir}:${PATH}`, uid });
  expect(probe).toMatchObject({ works: false, why: expect.stringContaining("No permissions") });
});

test.each([
  ["an old version", "bwrap: Unknown option --disable-userns", {}, "0.8"],
  ["a container", "No permissions", { isContainer: true }, "seccomp=unconfined"],
  ["Ubuntu", "setting up uid map: Permission denied", { restricted: true }, "/etc/apparmor.d/bwrap"],
  ["a kernel that forbids it", "No permissions", {}, "sysctl"],
])("what to do about %s", (_what, said, where, fix) => {
  const { why, fix: advice } = explain(said, { restricted: false, isContainer: false, ...where });
  expect(`${why}: ${advice}`).toContain(fix);
});

test.skipIf(bwrap === null)("in a sandbox an agent reaches none of what it reaches outside", async () => {
  const secret = join(dir, "secret");
  await writeFile(secret, "x");
  const tcp = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const address = tcp.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const attempts: Attempt[] = [
    { what: "a file", kind: "read", path: secret },
    { what: "a folder", kind: "list", path: dir },
    { what: "a socket", kind: "socket", path: join(dir, "s") },
    { what: "a port", kind: "connect", host: "127.0.0.1", port },
    { what: "an environment", kind: "read", path: `/proc/${process.pid}/environ` },
  ];
  const view = {
    env: {},
    toolchains: [],
    owner: null,
    programs: [process.execPath],
    read: [],
    write: [],
    secret: [dir],
  };
  const mounts = machineView(view, thisMachine);
  const spec = { mounts, cwd: "/tmp", lockFd: null, uid, procEntries: procEntries(), tmpBytes: 65_536, nested: false };
  const launch = [bwrap ?? "", ...sandboxArguments(spec), "--"];
  const given = { node: process.execPath, env: {} };
  const reached = (all: readonly { reached: boolean }[]) => all.map((one) => one.reached);
  expect(reached(await tryToReach(attempts, { ...given, launch: [] }))).toEqual(attempts.map(() => true));
  expect(reached(await tryToReach(attempts, { ...given, launch }))).toEqual(attempts.map(() => false));
  tcp.close();
});
