import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { AgentDeps, AgentDriver, AgentRequest } from "../../agent/types.ts";
import { localFiles } from "../../files/local.ts";
import type { SideOptions } from "../side.ts";
import { spawned, type HelperChild } from "./child.ts";
import { HELPER_PROGRAM } from "./client.ts";
import { openConfinedSide, type Confinement } from "./confined.ts";

/** Start an agent while a helper runs, on a side whose proxy cannot be opened. @returns whether the helper had ended when `openProxy` was called */
async function startWithoutProxy(sharesNetwork: boolean) {
  const helpers: HelperChild[] = [];
  let hasHelperEnded: boolean | null = null;
  const unused = () => {
    throw new Error("not used here");
  };
  const confinement: Confinement = {
    isRoot: false,
    sharesNetwork,
    key: () => "",
    startHelper(env) {
      const helper = spawned({ command: HELPER_PROGRAM, env });
      helpers.push(helper);
      return helper;
    },
    async openProxy() {
      hasHelperEnded = !isAlive(helpers[0]?.pid ?? 0);
      throw new Error("no proxy");
    },
    launch: unused,
    files: ({ inside }) => ({ ...localFiles, exists: (path) => inside().exists(path) }),
    sizeOf: unused,
    close: async () => undefined,
  };
  const side = openConfinedSide({ env: { PATH: process.env["PATH"] ?? "" } } as unknown as SideOptions, confinement);
  try {
    const place = side.place();
    expect(await place.exists("/")).toBe(true);
    const starting = place.startAgent({} as AgentDriver, {} as AgentRequest, {} as AgentDeps);
    await expect(starting).rejects.toThrow("no proxy");
    const first = helpers[0]?.pid ?? 0;
    expect(isAlive(first)).toBe(false);
    // No agent has started, so git may be asked again.
    expect(await place.exists("/")).toBe(true);
    expect(helpers).toHaveLength(2);
  } finally {
    await side.close();
  }
  return hasHelperEnded;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("on a shared network, the proxy opens after the helper ended", async () => {
  expect(await startWithoutProxy(true)).toBe(true);
});

test("on a separate network, the proxy opens while the helper ends, and neither remains if the other fails", async () => {
  expect(await startWithoutProxy(false)).toBe(false);
});

test("the runner's own git ended before an agent's proxy opens, and none runs while an agent is alive", async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "tac8-confined-")));
  const bin = join(dir, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "git"), `#!/bin/sh\necho $$ > ${dir}/pid; exec sleep 600\n`, { mode: 0o755 });
  const pid = async () => Number(await readFile(join(dir, "pid"), "utf8").catch(() => "0"));
  const unused = () => {
    throw new Error("not used here");
  };
  const seen: unknown[] = [];
  const confinement: Confinement = {
    isRoot: false,
    sharesNetwork: true,
    key: () => "",
    startHelper: unused,
    directGit: { mayRun: () => true, lockFd: 0 },
    async openProxy() {
      seen.push(isAlive(await pid()));
      await place
        .onBase()
        .git(dir, ["x"])
        .catch((error: unknown) => seen.push(String(error)));
      throw new Error("no proxy");
    },
    launch: unused,
    files: () => localFiles,
    sizeOf: unused,
    close: async () => undefined,
  };
  const env = { PATH: `${bin}:${process.env["PATH"]}` };
  const side = openConfinedSide({ env } as unknown as SideOptions, confinement);
  const place = side.place();
  try {
    const running = Promise.allSettled([place.onBase().git(dir, ["x"])]);
    await expect.poll(pid, { timeout: 60_000 }).toBeGreaterThan(0);
    const starting = place.startAgent({} as AgentDriver, {} as AgentRequest, {} as AgentDeps);
    await expect(starting).rejects.toThrow("no proxy");
    expect(await running).toMatchObject([{ reason: { failure: { kind: "git" } } }]);
    expect(seen).toEqual([false, expect.stringContaining("while an agent was alive")]);
  } finally {
    await side.close();
    await rm(dir, { recursive: true });
  }
});
