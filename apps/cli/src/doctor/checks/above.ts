import { isAbsolute, join } from "node:path";
import { checkoutAbove, findAbove, type FileAbove } from "../above/find.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";

const MAX_SHOWN = 20;

export const above: Check = {
  name: "Workspaces",
  limitMs: 5000,
  async inspect({ config, userHome, command }) {
    const { base_dir: baseDir } = config.worktree;
    const trees = isAbsolute(baseDir) ? baseDir : join(config.dataFolder, "workspaces");
    const files = findAbove(trees, userHome);
    const how = isAbsolute(baseDir)
      ? "set worktree.base_dir to a folder outside it"
      : `move the data: ${command} move-data`;
    return evaluateAbove({ trees, how, checkout: checkoutAbove(trees, userHome), files, command });
  },
};

/** Evaluate the files above the workspaces. Pure. `checkout`: the one that contains the workspaces; `how`: how to move them out of it. */
export function evaluateAbove(given: {
  readonly trees: string;
  readonly how: string;
  readonly checkout: string | null;
  readonly files: readonly FileAbove[];
  readonly command: string;
}): Finding[] {
  const { trees, how, checkout, files, command } = given;
  const findings: Finding[] = [];
  if (checkout !== null) {
    findings.push(
      problem(
        `workspaces are in ${trees}, inside the checkout ${checkout}: programs that agents run find and change its files`,
        `stop tac8, and ${how}`,
      ),
    );
  }
  const advice = `remove it, or move the data to a folder without such files above it: ${command} move-data FOLDER`;
  for (const { path, effect } of files.slice(0, MAX_SHOWN)) findings.push(note(`${path}: ${effect}`, advice));
  if (files.length > MAX_SHOWN) findings.push(note(`${files.length - MAX_SHOWN} more such files`, advice));
  return findings.length > 0 ? findings : [ok(`no files above ${trees} that affect programs in a workspace`)];
}
