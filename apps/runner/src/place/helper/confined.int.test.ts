import { expect, test } from "vitest";
import type { AgentDeps, AgentDriver, AgentRequest } from "../../agent/types.ts";
import { localFiles } from "../../files/local.ts";
import type { SideOptions } from "../side.ts";
import { spawned, type HelperChild } from "./child.ts";
import { HELPER_PROGRAM } from "./client.ts";
import { openConfinedSide, type Confinement } from "./confined.ts";

/** A side whose way out does not open, with a helper that runs. @returns what `openWay` saw of it. */
async function startWithoutWay(sharesNetwork: boolean) {
  const helpers: HelperChild[] = [];
  let isHelperGone: boolean | null = null;
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
    async openWay() {
      isHelperGone = !isAlive(helpers[0]?.pid ?? 0);
      throw new Error("there is no way");
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
    await expect(starting).rejects.toThrow("there is no way");
    const first = helpers[0]?.pid ?? 0;
    expect(isAlive(first)).toBe(false);
    // No agent has started, so git may be asked again.
    expect(await place.exists("/")).toBe(true);
    expect(helpers).toHaveLength(2);
  } finally {
    await side.close();
  }
  return isHelperGone;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("on a network that it shares, the way out opens after the helper has ended", async () => {
  expect(await startWithoutWay(true)).toBe(true);
});

test("elsewhere both happen at once, and neither is left behind when the other fails", async () => {
  expect(await startWithoutWay(false)).toBe(false);
});
