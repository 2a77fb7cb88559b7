import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";

let child: ChildProcess | null = null;
let dir = "";
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

test("a process that keeps its memory map from its own user counts with what the kernel says of it", async () => {
  dir = mkdtempSync(join(tmpdir(), "tac8-memory-"));
  chmodSync(dir, 0o711);
  const perl = join(dir, "perl");
  copyFileSync("/usr/bin/perl", perl);
  chmodSync(perl, 0o111); // A program that cannot be read is one whose process cannot be dumped.
  const uid = `${100_000 + randomInt(1_000_000_000)}`;
  // Root may read everything.
  const asUser = process.getuid?.() === 0 ? ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"] : [];
  const [name, ...args] = [...asUser, perl, "-e", '$x = "a" x 200_000_000; $| = 1; print "ready"; sleep 600'];
  child = spawn(name, args, { cwd: "/", stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  const file = JSON.stringify(fileURLToPath(new URL("memory.ts", import.meta.url)));
  const read = `const { memoryOf } = await import(${file}); ${asUser.length > 0 ? `process.setgid(${uid}); process.setuid(${uid});` : ""}
    console.log(memoryOf([{ pid: ${child.pid} }], 1000));`;
  const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", read], { cwd: "/" });
  expect(Number(stdout)).toBeGreaterThan(200_000_000);
});
