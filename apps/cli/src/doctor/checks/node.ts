import type { Check } from "../check.ts";
import { ok, problem, type Finding } from "../finding.ts";

/** The first that runs TypeScript as it is. */
const LEAST = 24;

export const node: Check = {
  name: "Node",
  limitMs: 5000,
  look: async () => [judgeNode(process.version, process.execPath)],
};

/** Pure. `version`: `v26.10.0`. */
export function judgeNode(version: string, path: string): Finding {
  const major = Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
  if (major >= LEAST) return ok(`${version} (${path})`);
  return problem(`${version} is too old (${path})`, `install Node ${LEAST} or later, or start with npm start`);
}
