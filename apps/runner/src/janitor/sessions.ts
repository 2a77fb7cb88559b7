import { basename, dirname, isAbsolute, join } from "node:path";
import { readFormerPaths } from "@tac8/core/config/formerPaths";
import { jobIdOf } from "@tac8/core/domain/reference";
import { workspacePaths } from "../workspace/paths.ts";
import { listIfThere as list, readText, type Files } from "../files/files.ts";
import { findRepositories, itemOf, type Sides } from "./find.ts";
import type { Item } from "./plan.ts";

export interface SessionsOptions {
  readonly dataFolder: string;
  readonly baseDir: string;
  /** Environment of agents that share a home folder. */
  readonly env: Readonly<Record<string, string>>;
}

/** Number of bytes to read: a prompt may come before the first line that names the folder. */
const READ_BYTES = 1024 * 1024;

/** Return Claude Code's folder if agents share a home folder; null if the environment names none. */
export function sharedConfig(env: Readonly<Record<string, string>>): string | null {
  return env["CLAUDE_CONFIG_DIR"] || (env["HOME"] ? join(env["HOME"], ".claude") : null);
}

/**
 * Return the session files of tac8's own worktrees in the home folder that agents share, including those from before
 * the data folder was moved. Claude Code names a folder after its working folder, with a dash for each character that
 * is not a letter or digit. So two worktrees may share a folder, and the `cwd` in the file decides.
 */
export async function findSessions({ place }: Sides, { dataFolder, baseDir, env }: SessionsOptions): Promise<Item[]> {
  const config = sharedConfig(env);
  if (config === null) return [];
  const projects = join(config, "projects");
  const folders = (await list(place, projects)).filter(({ kind }) => kind === "folder");
  const items: Item[] = [];
  const refs = await findRepositories(place, dataFolder, "workspaces");
  const places = [dataFolder, ...readFormerPaths(dataFolder)].flatMap((at) => refs.map((ref) => ({ at, ref })));
  for (const { at, ref } of places) {
    const trees = dirname(workspacePaths(at, baseDir, { ...ref, number: 0 }).tree);
    if (at !== dataFolder && isAbsolute(baseDir)) continue; // The worktrees were never in this folder.
    const prefix = `${folderName(trees)}-gh-`;
    for (const { name } of folders.filter((entry) => entry.name.startsWith(prefix))) {
      for (const entry of await list(place, join(projects, name))) {
        const cwd =
          entry.kind === "file" && entry.name.endsWith(".jsonl")
            ? await cwdOf(place, join(projects, name, entry.name))
            : null;
        const [, number] = /^gh-(\d{1,10})$/.exec(cwd === null ? "" : basename(cwd)) ?? [];
        if (number === undefined || cwd === null || dirname(cwd) !== trees) continue;
        const file = join(projects, name, entry.name);
        const issue = jobIdOf({ ...ref, number: Number(number) });
        // The session may have a folder with its name, for data that was too long for the file.
        items.push(...(await itemOf(place, { kind: "session", issue, run: null, paths: [file, file.slice(0, -6)] })));
      }
    }
  }
  return items;
}

function folderName(path: string): string {
  return path.replaceAll(/[^A-Za-z0-9]/g, "-");
}

/** Return the folder in which the session was started; null if the beginning of the file does not name it. */
async function cwdOf(place: Files, path: string): Promise<string | null> {
  for (const line of ((await readText(place, path, READ_BYTES)) ?? "").split("\n")) {
    const cwd = cwdIn(line);
    if (cwd !== null) return cwd;
  }
  return null;
}

function cwdIn(line: string): string | null {
  try {
    const entry: unknown = JSON.parse(line);
    const cwd = typeof entry === "object" && entry !== null && "cwd" in entry ? entry.cwd : null;
    return typeof cwd === "string" ? cwd : null;
  } catch {
    return null; // Empty, or cut off by the limit of the read.
  }
}
