import { expect, test } from "vitest";
import { freeBytes } from "./freeSpace.ts";

const disk = { bavail: 1000, bsize: 4096, files: 500, ffree: 400 };

test("an inode that is free counts as 16 KiB, if inodes run out before bytes", () => {
  expect(freeBytes(disk)).toBe(4_096_000);
  expect(freeBytes({ ...disk, ffree: 100 })).toBe(1_638_400);
  expect(freeBytes({ ...disk, ffree: 0 })).toBe(0);
});

test("a file system without a limit of inodes has the space of its blocks", () => {
  expect(freeBytes({ ...disk, files: 0, ffree: 0 })).toBe(4_096_000);
});
