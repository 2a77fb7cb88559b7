import { realPathOf } from "./realPath.ts";
import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  hasData,
  newDataFolder,
  OLD_FOLDER,
  resolveDataFolder,
  type ConfigFolder,
  type DataFolder,
} from "./dataFolder.ts";
import { readMovedTo } from "./movedTo.ts";
import { configPlaces, resolveConfig, type ConfigInput, type ConfigProblem, type ConfigResult } from "./resolve.ts";

export interface LoadedConfig extends ConfigResult {
  /** Absolute path of the file, or the path for a new one. */
  readonly path: string;
  readonly found: boolean;
  /** Whether a flag or a variable sets the path. */
  readonly named: boolean;
  /** Paths that were searched, or the path that is set. */
  readonly searched: readonly string[];
}

/** Find and read the configuration file, and the secret files in the environment. */
export function loadConfig(options: {
  readonly flag?: string | undefined;
  readonly env: ConfigInput["env"];
  readonly cwd: string;
}): LoadedConfig {
  const { env } = options;
  const { named, paths } = configPlaces(options.flag, env, options.cwd);
  const { path, text, error } = readFirst(paths);
  const place = { path, found: text !== null || error !== null, named, searched: paths };
  let folder: ConfigFolder;
  try {
    folder = readFolder(path, env);
  } catch (cause) {
    const problem: ConfigProblem = { key: "", message: (cause as Error).message, place: "environment" };
    return { config: null, draft: null, dataFolder: null, problems: [problem], warnings: [], ...place };
  }
  const warnings: string[] = [];
  const result = resolveConfig({
    path,
    text,
    searched: named ? [] : paths,
    folder,
    env,
    readSecretFile: (file) => readFileSync(file, "utf8"),
    readStored: (file) => readStored(file, warnings),
    modeOf: (file) => statSync(file, { throwIfNoEntry: false })?.mode ?? null,
  });
  const all = { ...result, ...place, warnings: [...result.warnings, ...warnings] };
  if (error === null) return all;
  const unreadable: ConfigProblem = { key: path, message: `cannot be read: ${error.message}`, place: "file" };
  const others = result.problems.filter((problem) => problem.place !== "file");
  return { ...all, config: null, problems: [unreadable, ...others] };
}

/** Return a stored secret; null: the file does not exist. A link with a missing target is an error. */
function readStored(path: string, warnings: string[]): string | null {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
    const text = readFileSync(path, "utf8");
    if ((statSync(path).mode & 0o077) !== 0) warnings.push(`other users can read ${path}: run chmod 600 ${path}`);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return null;
    throw error;
  }
}

/**
 * Return the data folder of a configuration file, which need not exist.
 * @returns null when the default is needed and `HOME` is not an absolute path
 * @throws Error of one line when an older version's folder cannot be read
 */
export function findDataFolder(path: string, env: ConfigInput["env"]): DataFolder | null {
  return resolveDataFolder({ path, env, folder: readFolder(path, env) });
}

/** Return the data folder of a new installation with this configuration file; null as in `findDataFolder`. */
export function findNewDataFolder(path: string, env: ConfigInput["env"]): string | null {
  return newDataFolder({ path, env, folder: { realPath: realPathOf(dirname(path)) } });
}

/**
 * Return one line per problem, which begins with its source: `config.toml:12: coordinator.max_attempts: found 0: …`, or
 * `environment variable REDIS_URL: found …`.
 */
export function describeProblems(problems: readonly ConfigProblem[], path: string): string {
  return problems
    .map(({ key, message, place, line }) => {
      if (key === "") return message;
      if (place === "stored") return `${key}: ${message}`;
      if (place === "environment") return `environment variable ${key}: ${message}`;
      const where = line === undefined ? path : `${path}:${line}`;
      return key === path ? `${path}: ${message}` : `${where}: ${key}: ${message}`;
    })
    .join("\n");
}

interface FoundFile {
  readonly path: string;
  /** Null: missing, or not readable. */
  readonly text: string | null;
  readonly error: Error | null;
}

/** Return the first file that exists. An unreadable one is not skipped, because using another one would be unexpected. */
function readFirst(paths: readonly [string, ...string[]]): FoundFile {
  for (const path of paths) {
    try {
      return { path, text: readFileSync(path, "utf8"), error: null };
    } catch (error) {
      if (!isMissing(error)) return { path, text: null, error: error as Error };
    }
  }
  return { path: paths[0], text: null, error: null };
}

function readFolder(path: string, env: ConfigInput["env"]): ConfigFolder {
  const folder = dirname(path);
  const realPath = realPathOf(folder);
  // With TAC8_HOME, other folders are irrelevant, even if they are not readable.
  if (env["TAC8_HOME"]) return { realPath, oldNames: [] };
  const oldNames = namesIn(join(folder, OLD_FOLDER));
  const own = newDataFolder({ path, env, folder: { realPath } });
  return { realPath, oldNames, movedTo: own === null || hasData(oldNames) ? null : readMovedTo(own) };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    const message = `the data folder ${folder} cannot be read (${(error as Error).message}): set TAC8_HOME to another`;
    throw new Error(message, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
