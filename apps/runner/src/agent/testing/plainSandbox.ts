import { spawnSync } from "node:child_process";
import { findProgram } from "@tac8/core/app/findProgram";
import { endInside } from "../../agentPlace/sandbox/endInside.ts";
import { treeBelow } from "../../process/members.ts";
import type { Launch } from "../types.ts";

export const BASH = findProgram("bash", { path: process.env["PATH"] ?? "", cwd: "/" }) ?? "";
/** A sandbox that shows the whole machine, but has the life cycle of a real one. */
const BEFORE = ["bwrap", "--dev-bind", "/", "/", "--proc", "/proc", "--unshare-pid", "--die-with-parent"];

export const hasSandboxes = spawnSync("bwrap", [...BEFORE.slice(1), "true"], { stdio: "ignore" }).status === 0;

export interface PlainSandbox {
  /** File descriptor of its lock. */
  readonly insideFd: number;
  /** Folder in which the agent starts. */
  readonly cwd: string;
  readonly bash?: string;
}

/** Return a launch with the parts of a sandbox that the guard needs. */
export function plainSandbox({ insideFd, cwd, bash = BASH }: PlainSandbox): Launch {
  return {
    commandOf: (program) => [...BEFORE, "--sync-fd", "3", "--chdir", cwd, "--", ...program],
    starter: { insideFd, bash },
    endOf: endInside,
    membersOf: treeBelow,
  };
}
