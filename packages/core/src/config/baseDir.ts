import { isAbsolute, normalize, relative } from "node:path";

/** Folders beside the worktrees, in `workspaces/<owner>/<repo>`. */
const OF_WORKSPACES: ReadonlySet<string> = new Set(["tmp", "prompts"]);
/** Folders in the data folder that contain `<owner>/<repo>/gh-471`, like a folder of worktrees. */
const OF_DATA: ReadonlySet<string> = new Set(["homes", "issues", "logs"]);

/**
 * Return why a `worktree.base_dir` cannot be used; null: it can. It must not be a folder of tac8, because tac8 cleans or removes such folders
 * without a check for work in them. `home`: absolute path of the data folder. Pure.
 */
export function baseDirProblem(dataFolder: string, baseDir: string): string | null {
  const path = isAbsolute(baseDir) ? relative(dataFolder, baseDir) : normalize(baseDir);
  const [first = ""] = path.split("/");
  if (!(isAbsolute(baseDir) ? OF_DATA : OF_WORKSPACES).has(first)) return null;
  return `found ${JSON.stringify(baseDir)}, which tac8 uses for other files; expected another folder, such as "trees"`;
}
