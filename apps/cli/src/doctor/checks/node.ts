import { isNewEnough, MINIMUM } from "../../../../../bin/lib/node.mjs";
import type { Check } from "../check.ts";
import { ok, problem, type Finding } from "../finding.ts";

export const node: Check = {
  name: "Node",
  limitMs: 5000,
  inspect: async () => [evaluateNode(process.version, process.execPath)],
};

/** Evaluate the version of Node, such as `v26.10.0`. Pure. */
export function evaluateNode(version: string, path: string): Finding {
  if (isNewEnough(version)) return ok(`${version} (${path})`);
  return problem(`${version} is too old (${path})`, `install Node ${MINIMUM} or newer`);
}
