import { isAbsolute, join } from "node:path";
import { checkoutAbove, findAbove, type FileAbove } from "../above/find.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";

const MAX_SHOWN = 20;

export const above: Check = {
  name: "Above",
  limitMs: 5000,
  async look({ config, userHome, command }) {
    const { base_dir: baseDir } = config.worktree;
    const trees = isAbsolute(baseDir) ? baseDir : join(config.home, "workspaces");
    const files = findAbove(trees, userHome);
    return judgeAbove({ trees, checkout: checkoutAbove(trees, userHome), files, command });
  },
};

/** Pure. `checkout`: the one that workspaces are in. */
export function judgeAbove(given: {
  readonly trees: string;
  readonly checkout: string | null;
  readonly files: readonly FileAbove[];
  readonly command: string;
}): Finding[] {
  const { trees, checkout, files, command } = given;
  const findings: Finding[] = [];
  if (checkout !== null) {
    findings.push(
      problem(
        `workspaces are in ${trees}, inside of the checkout ${checkout}: what agents run finds its files, and changes them`,
        `stop tac8 and move the data: ${command} move-data, or ${command} move-data FOLDER (worktree.base_dir is set by hand)`,
      ),
    );
  }
  const advice = `remove it, or move the data to a folder that has none above it: ${command} move-data FOLDER`;
  for (const { path, effect } of files.slice(0, MAX_SHOWN)) findings.push(note(`${path}: ${effect}`, advice));
  if (files.length > MAX_SHOWN) findings.push(note(`${files.length - MAX_SHOWN} more such files`, advice));
  return findings.length > 0 ? findings : [ok(`nothing above ${trees} that programs in a workspace would find`)];
}
