import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { classifyEnd } from "../agent/classify.ts";
import { createBench, type Bench } from "../agent/testing/harness.ts";
import { findCeiling, scopePrefix } from "./ceiling.ts";
import { memoryOf } from "./memory.ts";

const MB = 1024 ** 2;
const PATH = process.env["PATH"] ?? "";
const uid = process.getuid?.() ?? 0;
const { prefix: kernel } = await findCeiling({ maxMb: 200, uid, path: PATH });

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench.close());

test("watched: a run over its ceiling ends as out-of-memory with all its processes, and we live", async () => {
  const request = bench.behave("eat", "400");
  const limits = { ...request.limits, memoryBytes: 300 * MB };
  const end = await bench.start({ ...request, limits }).done;
  expect(end).toMatchObject({ cause: "out-of-memory", remaining: 0 });
  const verdict = classifyEnd(end, { provider: "claude", now: 0 });
  expect(verdict).toMatchObject({ ok: false, kind: "out-of-memory" });
  expect(verdict).toHaveProperty("message", expect.stringMatching(/used \d{3} MB, more than 300 MB of memory/));
});

test("watched: a run within its ceiling is left alone", async () => {
  const request = bench.behave("success");
  const end = await bench.start({ ...request, limits: { ...request.limits, memoryBytes: 4000 * MB } }).done;
  expect(end.cause).toBe("exited");
});

test("what all processes of a run use", async () => {
  const request = bench.behave("eat", "300");
  bench.start(request);
  await expect.poll(() => memoryOf(request.runId, 0) / MB, { timeout: 60_000 }).toBeGreaterThan(300);
  expect(memoryOf(request.runId, 0)).toBeLessThan(memoryOf(request.runId, 1e12));
  expect(memoryOf("nobody", 1e12)).toBe(0);
});

test("killed by the kernel's limit is out-of-memory; without one it is not", async () => {
  const request = bench.request({ program: ["bash", "-c", "kill -9 $$"] });
  const limits = { ...request.limits, memoryBytes: 300 * MB, memoryByKernel: true };
  expect((await bench.start({ ...request, limits }).done).cause).toBe("out-of-memory");
  expect((await bench.start(request).done).cause).toBe("exited");
});

test.skipIf(kernel.length === 0)(
  "the kernel ends it (skipped: systemd puts no limit around a program here)",
  async () => {
    const { program, ...request } = bench.behave("eat", "400");
    const limits = { ...request.limits, memoryBytes: 200 * MB, memoryByKernel: true };
    const end = await bench.start({ ...request, program: [...kernel, ...program], limits }).done;
    expect(end).toMatchObject({ cause: "out-of-memory", remaining: 0 });
  },
);

test("whether there is such a systemd is found by trying it", async () => {
  const bin = await mkdtemp(join(tmpdir(), "tac8-bin-"));
  const install = (body: string) => writeFile(join(bin, "systemd-run"), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const find = (maxMb: number) => findCeiling({ maxMb, uid: 0, path: `${bin}:/usr/bin:/bin` });
  try {
    await install("exit 1");
    expect(await find(100)).toEqual({ maxBytes: 100 * MB, prefix: [] });
    await install(`while [ "$1" != -- ]; do shift; done; shift; exec "$@"`);
    expect(await find(100)).toEqual({ maxBytes: 100 * MB, prefix: scopePrefix({ maxMb: 100, uid: 0 }) });
    expect(await find(0)).toEqual({ maxBytes: 0, prefix: [] });
  } finally {
    await rm(bin, { recursive: true });
  }
});

test("an agent under systemd's limit does not see systemd's variable", () => {
  const prefix = scopePrefix({ maxMb: 100, uid: 1000 });
  expect(prefix.slice(0, 4)).toEqual(["env", "XDG_RUNTIME_DIR=/run/user/1000", "systemd-run", "--user"]);
  expect(prefix.slice(-4)).toEqual(["--", "env", "-u", "XDG_RUNTIME_DIR"]);
  expect(prefix).toContain("MemoryMax=100M");
});
