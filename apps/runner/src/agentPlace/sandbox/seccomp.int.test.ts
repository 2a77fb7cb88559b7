import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findProgram } from "@tac8/core/app/findProgram";
import { sandboxArguments } from "@tac8/core/isolation/arguments";
import { procEntries, thisMachine } from "@tac8/core/isolation/machine";
import { seccompFilter } from "./seccomp.ts";
import { machineView } from "@tac8/core/isolation/view";

const bwrap = findProgram("bwrap", { path: process.env["PATH"] ?? "", cwd: "/" });
const filter = seccompFilter(process.arch);
const NUMBERS =
  process.arch === "x64" ? { keyctl: 250, socket: 41, ring: 425 } : { keyctl: 219, socket: 198, ring: 425 };
const PARAMETERS = 'my $parameters = "\\0" x 120;';
/** Perl programs that print 1 if a system call works. Every Debian has Perl, which can make any system call. */
const ATTEMPTS = [
  ["the session keyring", `print syscall(${NUMBERS.keyctl}, 0, -3, 1) > 0 ? 1 : 0`],
  ["a socket to the machine's host", `print syscall(${NUMBERS.socket}, 40, 1, 0) >= 0 ? 1 : 0`],
  ["io_uring", `${PARAMETERS} print syscall(${NUMBERS.ring}, 8, $parameters) >= 0 ? 1 : 0`],
] as const;

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tac8-seccomp-"));
  if (filter !== null) writeFileSync(join(dir, "filter"), filter);
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Run a Perl program in a sandbox. @returns its output */
function inside(program: string, { filtered }: { readonly filtered: boolean }): string {
  const view = { env: {}, toolchains: [], userHome: null, programs: [], read: [], write: [], secret: [] };
  const args = sandboxArguments({
    mounts: machineView(view, thisMachine),
    cwd: "/tmp",
    lockFd: null,
    seccompFd: filtered ? 9 : null,
    uid: process.getuid?.() ?? 0,
    procEntries: procEntries(),
    tmpBytes: 1024 ** 2,
    nested: false,
    devices: null,
  });
  const command = [bwrap ?? "", ...args, "--", "perl", "-e", program];
  const shell = ["-c", 'filter=$1; shift; exec "$@" 9<"$filter"', "sh", join(dir, "filter"), ...command];
  return execFileSync("/bin/sh", shell, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

const isHere = bwrap !== null && filter !== null && findProgram("perl", { path: "/usr/bin", cwd: "/" }) !== null;

test.skipIf(!isHere).each(ATTEMPTS)("a program in a sandbox does not have %s", (_what, program) => {
  expect(inside(program, { filtered: true })).toBe("0");
});

test.skipIf(!isHere)(
  "without the filter a program has the session keyring of the outside, so the test above can fail",
  () => {
    expect(inside(ATTEMPTS[0][1], { filtered: false })).toBe("1");
  },
);

test.skipIf(!isHere)("sockets of the usual kinds work", () => {
  const kinds = [1, 2, 10, 16].map(
    (family) => `print syscall(${NUMBERS.socket}, ${family}, ${family === 16 ? 3 : 1}, 0) >= 0 ? 1 : 0;`,
  );
  expect(inside(kinds.join(""), { filtered: true })).toBe("1111");
});

test("an unknown architecture has no filter", () => {
  expect(seccompFilter("riscv64")).toBeNull();
});
