import { execa } from "execa";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tac8-shut-"));
});
afterEach(() => {
  chmodSync(join(home, "homes/octo/hello/gh-1"), 0o700);
  rmSync(home, { recursive: true });
});

test("a folder that this user cannot read is reported as omitted, and the rest is found", async () => {
  const put = (path: string) => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), "x\n");
  };
  put("id");
  put("homes/octo/hello/gh-1/.claude/projects/p/s.jsonl");
  put("issues/octo/hello/gh-1/intent.json");
  chmodSync(join(home, "homes/octo/hello/gh-1"), 0);
  chmodSync(home, 0o755);
  const issue = { jobId: "octo.hello.1", run: { id: null }, agent: { session: "s" }, state: "blocked" };
  const module = new URL("./findFiles.ts", import.meta.url).href;
  const code = `const { findFiles } = await import(${JSON.stringify(module)});
    console.log(JSON.stringify(findFiles([${JSON.stringify(issue)}], { dataFolder: ${JSON.stringify(home)}, sharedProjects: null })));`;
  // Root may read everything.
  const asOther = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const { stdout } = await execa(process.execPath, ["--input-type=module", "--eval", code], { ...asOther, cwd: "/" });
  const { files, leftOut } = JSON.parse(stdout) as { files: { path: string }[]; leftOut: string[] };
  expect(files.map(({ path }) => path)).toEqual(["data/id", "data/issues/octo/hello/gh-1/intent.json"]);
  expect(leftOut).toEqual(["octo.hello.1: homes/octo/hello/gh-1 cannot be read by this user"]);
});
