import { spawnSync } from "node:child_process";
import { findProgram } from "@tac8/core/app/findProgram";
import { endInside } from "../../place/sandbox/endInside.ts";
import { treeBelow } from "../../process/members.ts";
import type { Launch } from "../types.ts";

const BASH = findProgram("bash", { path: process.env["PATH"] ?? "", cwd: "/" }) ?? "";
/** Everything of the machine is shown, and its life is that of a real one. */
const BEFORE = ["bwrap", "--dev-bind", "/", "/", "--proc", "/proc", "--unshare-pid", "--die-with-parent"];

export const hasSandboxes = spawnSync("bwrap", [...BEFORE.slice(1), "true"], { stdio: "ignore" }).status === 0;

/** A sandbox as far as its guard goes. `insideFd`: of its lock. */
export function plainSandbox({ insideFd, bash = BASH }: { readonly insideFd: number; readonly bash?: string }): Launch {
  return {
    commandOf: (program) => [...BEFORE, "--sync-fd", "3", "--", ...program],
    sandbox: { insideFd, bash },
    endOf: endInside,
    membersOf: treeBelow,
  };
}
