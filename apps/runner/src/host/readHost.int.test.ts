import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freeDiskGb, readHost } from "./readHost.ts";

const sound = () => Promise.resolve(null);
let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tac8-host-"));
});
afterEach(() => rm(root, { recursive: true }));

async function files(contents: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

const read = async (contents: Record<string, string>) => {
  await files(contents);
  return readHost({ folders: [root], dataFolderTrouble: sound, clockTrouble: sound, root });
};
const MEMINFO = { "proc/meminfo": "MemTotal:  8000000 kB\nMemAvailable:  2048000 kB\n" };

test("this host", async () => {
  const { freeMemoryMb, freeDiskGb, loadPerCore } = await readHost({
    folders: [root],
    dataFolderTrouble: sound,
    clockTrouble: sound,
  });
  expect(freeMemoryMb).toBeGreaterThan(0);
  expect(freeDiskGb).toBeGreaterThan(0);
  expect(loadPerCore).toBeGreaterThanOrEqual(0);
});

test("free memory of the host, and of a container with its own limit", async () => {
  expect(await read(MEMINFO)).toMatchObject({ freeMemoryMb: 2000 });
  expect(await read({ "sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "9" })).toMatchObject({
    freeMemoryMb: 2000,
  });
  const group = { "memory.max": 1000, "memory.current": 900 };
  for (const [name, mb] of Object.entries(group)) await files({ [`sys/fs/cgroup/${name}`]: String(mb * 1024 ** 2) });
  expect(await readHost({ folders: [root], dataFolderTrouble: sound, clockTrouble: sound, root })).toMatchObject({
    freeMemoryMb: 100,
  });
  // File cache can be freed at any time.
  expect(await read({ "sys/fs/cgroup/memory.stat": `anon 5\nfile ${300 * 1024 ** 2}\n` })).toMatchObject({
    freeMemoryMb: 400,
  });
});

test("the temperature is of the hottest zone, or null without zones", async () => {
  expect(await readHost({ folders: [root], dataFolderTrouble: sound, clockTrouble: sound, root })).toMatchObject({
    temperatureC: null,
    freeMemoryMb: null,
  });
  const zone = (number: number) => `sys/class/thermal/thermal_zone${number}/temp`;
  const zones = {
    [zone(0)]: "41000\n",
    [zone(1)]: "83500\n",
    [zone(2)]: "",
    "sys/class/thermal/cooling_device0/x": "",
  };
  expect(await read(zones)).toMatchObject({ temperatureC: 83.5 });
});

function mountFewInodes(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1g,nr_inodes=1000", "tac8-test", root], { stdio: "ignore" });
    return true;
  } catch {
    return false; // Only root can mount a file system.
  }
}

test("a disk with few inodes left has little free space, however many bytes are free", async (context) => {
  if (!mountFewInodes()) context.skip("this user cannot mount a file system");
  try {
    expect(await freeDiskGb([root])).toBeCloseTo((999 * 16_384) / 1e9, 5);
    for (let number = 0; number < 900; number += 1) await writeFile(join(root, String(number)), "");
    expect(await freeDiskGb([root])).toBeCloseTo((99 * 16_384) / 1e9, 5);
  } finally {
    execFileSync("umount", [root]);
  }
});
