import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";

let child: ChildProcess | null = null;
afterEach(() => void child?.kill("SIGKILL"));

test("a process that hides its memory map from its own user counts with the kernel's figures", async () => {
  // 4 is PR_SET_DUMPABLE.
  const undumpable = `syscall(${process.arch === "arm64" ? 167 : 157}, 4, 0, 0, 0, 0)`;
  const uid = `${100_000 + randomInt(1_000_000_000)}`;
  // Root may read every map.
  const asUser = process.getuid?.() === 0 ? ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"] : [];
  const program = `${undumpable}; $x = "a" x 200_000_000; $| = 1; print "ready"; sleep 600`;
  const [name, ...args] = [...asUser, "perl", "-e", program];
  child = spawn(name, args, { cwd: "/", stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  const file = JSON.stringify(fileURLToPath(new URL("memory.ts", import.meta.url)));
  const read = `const { memoryOf } = await import(${file}); ${asUser.length > 0 ? `process.setgid(${uid}); process.setuid(${uid});` : ""}
    console.log(memoryOf([{ pid: ${child.pid} }], 1000));`;
  const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", read], { cwd: "/" });
  expect(Number(stdout)).toBeGreaterThan(200_000_000);
});
