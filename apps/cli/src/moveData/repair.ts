import {
  constants,
  closeSync,
  openSync,
  fstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, sep } from "node:path";

const MAX_BYTES = 64 * 1024;

export interface Move {
  /** Absolute paths of the old folder. */
  readonly from: readonly string[];
  readonly to: string;
}

/**
 * Repair the absolute paths that Git has written in a data folder: of a worktree in its repository, of the repository in the
 * worktree, and of the mirror whose objects it borrows. Safe to repeat.
 * @returns number of changed files
 */
export function repairPaths(move: Move): number {
  const { to } = move;
  let changed = 0;
  for (const repository of repositoriesIn(to)) {
    changed += rewrite(join(repository, "objects", "info", "alternates"), move);
    for (const worktree of entriesOf(join(repository, "worktrees"))) {
      const gitdir = join(repository, "worktrees", worktree, "gitdir");
      changed += rewrite(gitdir, move);
      const dotGit = readPlain(gitdir)?.trim() ?? "";
      if (isAbsolute(dotGit) && basename(dotGit) === ".git") changed += rewrite(dotGit, move);
    }
  }
  // The repository of a quarantined worktree no longer has its path.
  for (const tree of treesIn(to)) changed += rewrite(join(tree, ".git"), move);
  return changed;
}

/** Return the repositories of issues and mirrors, including quarantined ones. */
function repositoriesIn(dataFolder: string): string[] {
  return [
    ...issueFolders(dataFolder).flatMap((folder) =>
      entriesOf(join(folder, "git")).map((name) => join(folder, "git", name)),
    ),
    ...entriesOf(join(dataFolder, "repos")).flatMap((owner) =>
      entriesOf(join(dataFolder, "repos", owner)).map((name) => join(dataFolder, "repos", owner, name)),
    ),
  ];
}

function treesIn(dataFolder: string): string[] {
  return issueFolders(dataFolder).flatMap((folder) =>
    entriesOf(folder)
      .filter((name) => name !== "git")
      .flatMap((name) => entriesOf(join(folder, name)).map((tree) => join(folder, name, tree))),
  );
}

/** Return the folders `workspaces/<owner>/<repo>`. */
function issueFolders(dataFolder: string): string[] {
  const root = join(dataFolder, "workspaces");
  return entriesOf(root).flatMap((owner) => entriesOf(join(root, owner)).map((repo) => join(root, owner, repo)));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Missing, or not a folder.
  }
}

/** Repair the paths in a file. @returns 1 if the file was changed */
function rewrite(path: string, { from, to }: Move): 0 | 1 {
  const text = readPlain(path);
  if (text === null) return 0;
  const repaired = text
    .split("\n")
    .map((line) => {
      const [, label = "", rest = ""] = /^(gitdir: )?(.*)$/.exec(line) ?? [];
      const old = from.find((place) => rest === place || rest.startsWith(place + sep));
      return old === undefined ? line : label + to + rest.slice(old.length);
    })
    .join("\n");
  if (repaired === text) return 0;
  // Written to another file and renamed, so that an interruption leaves the old file or the new one.
  const next = join(dirname(path), `.tac8-moved-${process.pid}`);
  rmSync(next, { force: true });
  writeFileSync(next, repaired, { flag: "wx" });
  renameSync(next, path);
  return 1;
}

/** Read a small regular file; null: it is none. An agent may have replaced it by a link, which could lead anywhere. */
function readPlain(path: string): string | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null; // Missing, or a link.
  }
  try {
    const stat = fstatSync(fd);
    return stat.isFile() && stat.size <= MAX_BYTES ? readFileSync(fd, "utf8") : null;
  } finally {
    closeSync(fd);
  }
}
