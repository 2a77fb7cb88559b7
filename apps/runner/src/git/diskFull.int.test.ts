import { execFileSync } from "node:child_process";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attributeToDisk } from "./diskFull.ts";

const hidden = { kind: "git", message: "making the worktree: unable to write file a.txt" } as const;

test("a failure that does not mention the disk is blamed on it only if it is full (without a mount, only the other cases)", async () => {
  const dir = await mkdtemp(join(tmpdir(), "tac8-full-"));
  expect(await attributeToDisk(hidden, dir)).toBe(hidden);
  expect(await attributeToDisk(hidden, join(dir, "missing"))).toBe(hidden);
  if (!mount(dir)) return rm(dir, { recursive: true });
  try {
    const { bavail, bsize } = await statfs(dir);
    expect(await attributeToDisk(hidden, dir)).toBe(hidden);
    await writeFile(join(dir, "filler"), Buffer.alloc(bavail * bsize));
    const blamed = await attributeToDisk(hidden, dir);
    expect(blamed).toMatchObject({ kind: "disk", message: expect.stringContaining(dir) as string });
    expect(blamed.message).toContain(hidden.message);
    for (const kind of ["refused", "usage-limit", "github", "no-changes"] as const) {
      expect((await attributeToDisk({ kind, message: "m" }, dir)).kind).toBe(kind);
    }
  } finally {
    execFileSync("umount", [dir]);
    await rm(dir, { recursive: true });
  }
});

function mount(dir: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tac8-test", dir], { stdio: "ignore" });
    return true;
  } catch {
    return false; // Not every user may mount.
  }
}
