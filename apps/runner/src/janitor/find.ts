import { basename, dirname, join } from "node:path";
import { jobIdOf, type RepoRef } from "@tac8/core/domain/reference";
import { listIfThere as list, type Files } from "../files/files.ts";
import { workspacePaths } from "../workspace/paths.ts";
import type { Item, ItemKind } from "./plan.ts";

/** The files that the janitor works on. */
export interface Sides {
  /** Files of tac8 itself. */
  readonly own: Files;
  /** Files of agents. */
  readonly place: Files;
}

/** Return whether items of a kind are on the agent side. */
export function isAgents(kind: ItemKind): boolean {
  switch (kind) {
    case "workspace":
    case "quarantined":
    case "prompt":
    case "temporary":
    case "session":
      return true;
    case "log":
    case "notes":
    case "incoming":
      return false;
    default:
      return kind satisfies never;
  }
}

/** Return the janitor's items of a data folder, except the sessions in a shared home folder. Links are never followed. */
export async function findItems(sides: Sides, dataFolder: string, baseDir: string): Promise<Item[]> {
  const items: Item[] = [];
  for (const ref of await findRepositories(sides.place, dataFolder, "workspaces"))
    items.push(...(await inWorkspaces(sides.place, dataFolder, baseDir, ref)));
  for (const ref of await findRepositories(sides.place, dataFolder, "homes"))
    items.push(...(await inHomes(sides.place, dataFolder, baseDir, ref)));
  for (const ref of await findRepositories(sides.own, dataFolder, "issues"))
    items.push(...(await inNotes(sides, dataFolder, baseDir, ref)));
  for (const ref of await findRepositories(sides.own, dataFolder, "logs"))
    items.push(...(await inLogs(sides.own, dataFolder, ref)));
  for (const { owner, repo } of await findRepositories(sides.own, dataFolder, "repos", ".incoming")) {
    const folder = join(dataFolder, "repos", owner, `${repo}.incoming`);
    for (const { name } of await list(sides.own, folder)) {
      const run = name.replace(/\.git$/, "");
      items.push(...(await itemOf(sides.own, { kind: "incoming", issue: null, run, paths: [join(folder, name)] })));
    }
  }
  return items;
}

/** List the repositories with a folder `<home>/<part>/<owner>/<repo><suffix>`. */
export async function findRepositories(
  files: Files,
  dataFolder: string,
  part: string,
  suffix = "",
): Promise<RepoRef[]> {
  const found: RepoRef[] = [];
  for (const owner of await list(files, join(dataFolder, part))) {
    if (owner.kind !== "folder") continue;
    for (const repo of await list(files, join(dataFolder, part, owner.name))) {
      if (repo.kind !== "folder" || !repo.name.endsWith(suffix)) continue;
      found.push({ owner: owner.name, repo: repo.name.slice(0, repo.name.length - suffix.length) });
    }
  }
  return found;
}

/** Return the items of a repository's workspaces. Paths with the same issue's number in their name go together. */
async function inWorkspaces(place: Files, dataFolder: string, baseDir: string, ref: RepoRef): Promise<Item[]> {
  const any = workspacePaths(dataFolder, baseDir, { ...ref, number: 0 });
  const [trees, repositories] = [dirname(any.tree), dirname(any.gitDir)];
  const groups = new Map<string, { kind: ItemKind; issue: string; paths: string[] }>();
  const add = (kind: ItemKind, number: string, stamp: string, path: string): void => {
    const key = `${kind} ${number} ${stamp}`;
    const group = groups.get(key) ?? { kind, issue: jobIdOf({ ...ref, number: Number(number) }), paths: [] };
    group.paths.push(path);
    groups.set(key, group);
  };
  for (const folder of new Set([trees, repositories])) {
    for (const { name } of await list(place, folder)) {
      const [, number, kept] = /^gh-(\d{1,10})(?:\.git)?(?:\.kept-(.+))?$/.exec(name) ?? [];
      if (number === undefined) continue;
      add(kept === undefined ? "workspace" : "quarantined", number, kept ?? "", join(folder, name));
    }
  }
  for (const [kind, folder] of [
    ["prompt", dirname(any.former.promptFile)],
    ["temporary", dirname(any.tmpDir)],
  ] as const) {
    for (const { name } of await list(place, folder)) {
      const [, number] = /^gh-(\d{1,10})(?:\.md(?:\.out)?)?$/.exec(name) ?? [];
      if (number !== undefined) add(kind, number, "", join(folder, name));
    }
  }
  const found = await Promise.all([...groups.values()].map((group) => itemOf(place, { ...group, run: null })));
  return found.flat();
}

/** Return the home folders of issues: between two runs they have only the session. */
async function inHomes(place: Files, dataFolder: string, baseDir: string, ref: RepoRef): Promise<Item[]> {
  const items: Item[] = [];
  const folder = dirname(workspacePaths(dataFolder, baseDir, { ...ref, number: 0 }).homeDir);
  for (const { name } of await list(place, folder)) {
    const [, number] = /^gh-(\d{1,10})$/.exec(name) ?? [];
    if (number === undefined) continue;
    const issue = jobIdOf({ ...ref, number: Number(number) });
    items.push(...(await itemOf(place, { kind: "session", issue, run: null, paths: [join(folder, name)] })));
  }
  return items;
}

/** Return notes without a workspace: notes of a workspace are removed with it. */
async function inNotes({ own, place }: Sides, dataFolder: string, baseDir: string, ref: RepoRef): Promise<Item[]> {
  const items: Item[] = [];
  for (const { name } of await list(
    own,
    dirname(workspacePaths(dataFolder, baseDir, { ...ref, number: 0 }).notesDir),
  )) {
    const [, number] = /^gh-(\d{1,10})$/.exec(name) ?? [];
    if (number === undefined) continue;
    const issue = { ...ref, number: Number(number) };
    const { tree, gitDir, notesDir } = workspacePaths(dataFolder, baseDir, issue);
    if ((await place.stat(tree)) !== null || (await place.stat(gitDir)) !== null) continue;
    items.push(...(await itemOf(own, { kind: "notes", issue: jobIdOf(issue), run: null, paths: [notesDir] })));
  }
  return items;
}

async function inLogs(own: Files, dataFolder: string, ref: RepoRef): Promise<Item[]> {
  const items: Item[] = [];
  const folder = join(dataFolder, "logs", ref.owner, ref.repo);
  for (const { name } of await list(own, folder)) {
    const [, number] = /^gh-(\d{1,10})$/.exec(name) ?? [];
    if (number === undefined) continue;
    const issue = jobIdOf({ ...ref, number: Number(number) });
    for (const { name: file } of await list(own, join(folder, name))) {
      items.push(...(await itemOf(own, { kind: "log", issue, run: null, paths: [join(folder, name, file)] })));
    }
  }
  return items;
}

/**
 * Return an item with its time, or none if no path of it exists. A move counts: an old file that was quarantined today
 * is new.
 */
export async function itemOf(files: Files, item: Omit<Item, "changedAt">): Promise<Item[]> {
  const times: number[] = [];
  for (const path of item.paths) {
    const found = await files.stat(path).catch(() => null);
    if (found !== null) times.push(found.mtimeMs, found.ctimeMs);
  }
  return times.length === 0 ? [] : [{ ...item, changedAt: Math.max(...times) }];
}

/** Return which path of a workspace, quarantined or not, is the tree, and which is the repository. */
export function partsOf({ paths }: Item): { readonly tree: string | null; readonly gitDir: string | null } {
  const isRepository = (path: string) => /^gh-\d+\.git(\.kept-|$)/.test(basename(path));
  return {
    tree: paths.find((path) => !isRepository(path)) ?? null,
    gitDir: paths.find(isRepository) ?? null,
  };
}
