import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProgram } from "@tac8/core/app/findProgram";
import { isVisibleOnPath } from "./isVisibleOnPath.ts";

const git = findProgram("git", { path: "/usr/bin:/usr/local/bin", cwd: "/" }) ?? "";

let bin = "";
beforeEach(() => (bin = mkdtempSync(join(tmpdir(), "tac8-path-"))));
afterEach(() => rmSync(bin, { recursive: true }));

test("without a sandbox it is known that a program is missing in it, and that it has those of /usr", () => {
  expect(isVisibleOnPath(`${bin}:${dirname(git)}`, "tac8-no-such-program")).toBe(false);
  expect(isVisibleOnPath(`${bin}:${dirname(git)}`, "git")).toBe(true);
});

test("only a sandbox knows whether it shows a program in another folder, or behind a link", () => {
  writeFileSync(join(bin, "other"), "", { mode: 0o755 });
  symlinkSync(git, join(bin, "linked"));
  expect(isVisibleOnPath(bin, "other")).toBeNull();
  expect(isVisibleOnPath(bin, "linked")).toBeNull();
});
