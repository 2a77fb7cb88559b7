import { execFile } from "node:child_process";
import { chmod, lstat, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProgram } from "../app/findProgram.ts";
import { DEVICES, sandboxArguments } from "./arguments.ts";
import { devicePlaces, makeDevices, NoDevices } from "./devices.ts";
import { procEntries, thisMachine } from "./machine.ts";
import { machineView } from "./view.ts";

const bwrap = findProgram("bwrap", { path: process.env["PATH"] ?? "", cwd: "/" });
const missing = process.getuid?.() !== 0 ? "not root" : bwrap === null ? "bwrap is missing" : null;
const NAME = missing === null ? "" : ` (skipped: ${missing})`;

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-devices-"));
});
afterEach(() => rm(dir, { recursive: true }));

test.skipIf(missing !== null)(`programs in root's sandbox use devices, and change none of them${NAME}`, async () => {
  await writeFile(join(dir, "file"), "");
  const devices = await makeDevices([join(dir, "file"), ...devicePlaces(dir)]);
  const view = { env: {}, toolchains: [], userHome: null, programs: [], read: [], write: [], secret: [] };
  const args = sandboxArguments({
    mounts: machineView(view, thisMachine),
    cwd: "/tmp",
    lockFd: null,
    uid: 0,
    procEntries: procEntries(),
    devices,
    tmpBytes: 65_536,
    nested: false,
  });
  // The mode that they have: a sandbox that lets it through changes nothing of this machine.
  const script = `
for device in ${DEVICES.map(({ name }) => name).join(" ")}; do chmod 666 /dev/$device 2>/tmp/said && echo "$device changed"; done
grep -c "not permitted" /tmp/said; echo x > /dev/null && head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c`;
  const { stdout } = await promisify(execFile)(bwrap ?? "", [...args, "--", "/bin/sh", "-c", script], { env: {} });
  expect(stdout.split("\n")).toEqual(["1", "4", "4", ""]);
});

test.skipIf(missing !== null)(`nodes that are right stay, others are made again${NAME}`, async () => {
  const [place = ""] = devicePlaces(dir);
  await makeDevices([place]);
  const before = await lstat(join(place, "zero"));
  await chmod(join(place, "null"), 0o600);
  await makeDevices([place]);
  expect((await lstat(join(place, "zero"))).ino).toBe(before.ino);
  expect((await lstat(join(place, "null"))).mode & 0o777).toBe(0o666);
});

test("without a place for device nodes there is one line", async () => {
  await writeFile(join(dir, "file"), "");
  await expect(makeDevices([join(dir, "file")])).rejects.toThrow(NoDevices);
});
