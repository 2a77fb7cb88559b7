import { readFileSync } from "node:fs";
import { configPlaces, resolveConfig, type ConfigInput, type ConfigProblem, type ConfigResult } from "./resolve.ts";

export interface LoadedConfig extends ConfigResult {
  /** Absolute path of the file, or of the place for a new one. */
  readonly path: string;
  readonly found: boolean;
  /** Whether a flag or a variable names the file. */
  readonly named: boolean;
  /** Places that were searched, or the one that is named. */
  readonly searched: readonly string[];
}

/** Finds and reads the configuration file, and the secret files that the environment names. */
export function loadConfig(options: {
  readonly flag?: string | undefined;
  readonly env: ConfigInput["env"];
  readonly cwd: string;
}): LoadedConfig {
  const { env } = options;
  const { named, paths } = configPlaces(options.flag, env, options.cwd);
  const { path, text, error } = readFirst(paths);
  const place = { path, found: text !== null || error !== null, named, searched: paths };
  if (error !== null) {
    const problem = { key: path, message: `cannot be read: ${error.message}` };
    return { config: null, problems: [problem], warnings: [], ...place };
  }
  const readSecretFile = (file: string) => readFileSync(file, "utf8");
  const searched = named ? [] : paths;
  return { ...resolveConfig({ path, text, searched, env, readSecretFile }), ...place };
}

/** One line a problem, for a person: `config.toml: coordinator.max_attempts: found 0: …`. */
export function describeProblems(problems: readonly ConfigProblem[], path: string): string {
  return problems
    .map(({ key, message }) => {
      if (key === "") return message;
      return key === path ? `${path}: ${message}` : `${path}: ${key}: ${message}`;
    })
    .join("\n");
}

interface FoundFile {
  readonly path: string;
  /** Null: it is not there, or cannot be read. */
  readonly text: string | null;
  readonly error: Error | null;
}

/** The first file that is there. One that cannot be read is not passed over: another would be used by surprise. */
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

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
