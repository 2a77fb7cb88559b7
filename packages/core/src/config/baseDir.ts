import { isAbsolute, normalize, relative } from "node:path";

/** Beside the worktrees, in `workspaces/<owner>/<repo>`. */
const OF_WORKSPACES: ReadonlySet<string> = new Set(["tmp", "prompts"]);
/** In the data folder, each with `<owner>/<repo>/gh-471` in it, as a folder of worktrees has. */
const OF_DATA: ReadonlySet<string> = new Set(["homes", "issues", "logs"]);

/**
 * Pure. Return why a `worktree.base_dir` cannot be used: worktrees would be in a folder of tac8's own, which is cleared or
 * removed with no regard to the work in them. `home`: absolute path of the data folder. @returns null: it can
 */
export function baseDirProblem(home: string, baseDir: string): string | null {
  const path = isAbsolute(baseDir) ? relative(home, baseDir) : normalize(baseDir);
  const [first = ""] = path.split("/");
  if (!(isAbsolute(baseDir) ? OF_DATA : OF_WORKSPACES).has(first)) return null;
  return `found ${JSON.stringify(baseDir)}, which tac8 uses for other files; expected another folder, such as "trees"`;
}
