import { readFileSync } from "node:fs";
import { configPath, resolveConfig, type ConfigInput, type ConfigProblem, type ConfigResult } from "./resolve.ts";

/** Reads the configuration file and secret files that the flag and the environment name. */
export function loadConfig(options: {
  readonly flag?: string | undefined;
  readonly env: ConfigInput["env"];
  readonly cwd: string;
}): ConfigResult & { readonly path: string; readonly found: boolean } {
  const path = configPath(options.flag, options.env, options.cwd);
  let text: string | null;
  try {
    text = readIfThere(path);
  } catch (error) {
    const problem = { key: path, message: `cannot be read: ${(error as Error).message}` };
    return { config: null, problems: [problem], warnings: [], path, found: true };
  }
  const readSecretFile = (file: string) => readFileSync(file, "utf8");
  return { ...resolveConfig({ text, path, env: options.env, readSecretFile }), path, found: text !== null };
}

/** One line a problem, for a person: `config.toml: coordinator.max_attempts: found 0: …`. */
export function describeProblems(problems: readonly ConfigProblem[], path: string): string {
  return problems.map(({ key, message }) => `${key === path ? path : `${path}: ${key}`}: ${message}`).join("\n");
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
