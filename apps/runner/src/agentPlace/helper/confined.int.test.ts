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
