import { resolveConfig, type Config, type ConfigResult } from "./resolve.ts";

export const REPOSITORY = '[github]\nrepo_owner = "octo"\nrepo_name = "hello-world"\n';
export const PATH = "/etc/tac8/config.toml";

export interface Given {
  readonly text?: string | null;
  readonly searched?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Secret files by path; any other one cannot be read. */
  readonly files?: Readonly<Record<string, string>>;
  /** Permission bits of secret files by path; of any other one 0600. */
  readonly modes?: Readonly<Record<string, number>>;
  /** Stored secrets by path. */
  readonly stored?: Readonly<Record<string, string>>;
}

export function resolve({
  text = REPOSITORY,
  searched = [],
  env = {},
  files = {},
  modes = {},
  stored = {},
}: Given = {}): ConfigResult {
  const readSecretFile = (path: string) => {
    const found = files[path];
    if (found === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return found;
  };
  const folder = { realPath: "/etc/tac8", oldNames: [] };
  const withFolder = { XDG_DATA_HOME: "/srv", ...env };
  return resolveConfig({
    text,
    path: PATH,
    searched,
    folder,
    env: withFolder,
    readSecretFile,
    modeOf: (path) => modes[path] ?? 0o600,
    readStored: (path) => stored[path] ?? null,
  });
}

/** For a configuration that must be good. */
export function configOf(given: Given = {}): Config {
  const { config, problems } = resolve(given);
  if (config === null) throw new Error(`problems: ${JSON.stringify(problems)}`);
  return config;
}

export function problemsOf(given: Given): Record<string, string> {
  const { config, problems } = resolve(given);
  if (config !== null) throw new Error("there is no problem");
  return Object.fromEntries(problems.map(({ key, message }) => [key, message]));
}
