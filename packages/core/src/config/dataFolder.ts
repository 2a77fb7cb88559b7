import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { xdgFolder } from "./xdgFolder.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The folder in which tac8 keeps all data of one configuration on one machine. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** One line for the operator; null: the folder is the default of a new installation, or the one in TAC8_HOME. */
  readonly notice: string | null;
}

/** The state of the folder that a configuration file is in, as read from the file system. */
export interface ConfigFolder {
  /** Absolute, with symbolic links resolved as far as it exists. */
  readonly realPath: string;
  /** Names in its folder `.tac8`; empty: the folder does not exist. */
  readonly oldNames: readonly string[];
  /** Absolute path that `tac8 move-data` has moved the default data folder to; null or absent: it was not moved. */
  readonly movedTo?: string | null;
}

export const OLD_FOLDER = ".tac8";
/** File in a data folder during `tac8 move-data`, or after its interruption: no program may use the folder. */
export const MOVING_FILE = "moving.json";
/** Folder in a data folder during `tac8 restore`, or after its interruption: no program may use the data folder. */
export const RESTORING_FOLDER = "restoring";
export const NO_DATA_FOLDER = "HOME is not set to an absolute path, so there is no default data folder: set TAC8_HOME";

/** Names that only real work creates. The demo of older versions left `.tac8/demo`, and a failed start `.tac8/up.lock`. */
const DATA_NAMES: ReadonlySet<string> = new Set(["issues", "redis", "repos", "runs", "tasks.md", "workspaces"]);
/** Maximum length without the hash; 40 with it, because the path of a Unix socket in the folder is limited to 107 bytes. */
const MAX_BASE = 31;

/**
 * Return the data folder of a configuration: `TAC8_HOME`, else an older version's `.tac8` beside the configuration, else the
 * folder to which the data was moved, else `$XDG_DATA_HOME/tac8/<name>`. The name depends on the path of the configuration, so a configuration
 * that was moved has a new, empty data folder.
 * @returns null when the default is needed and `HOME` is not an absolute path
 */
export function resolveDataFolder(given: {
  /** Absolute path of the configuration file. */
  readonly path: string;
  readonly env: Env;
  readonly folder: ConfigFolder;
}): DataFolder | null {
  const { path, env, folder } = given;
  if (env["TAC8_HOME"]) return { path: resolve(dirname(path), env["TAC8_HOME"]), notice: null };
  const own = newDataFolder(given);
  if (hasData(folder.oldNames)) {
    const old = join(dirname(path), OLD_FOLDER);
    const elsewhere = own ?? "$XDG_DATA_HOME/tac8";
    return { path: old, notice: `the data is in the former location ${old}; a new installation uses ${elsewhere}` };
  }
  const moved = folder.movedTo ?? null;
  if (moved !== null) return { path: moved, notice: `the data is in ${moved}, where tac8 move-data moved it` };
  return own === null ? null : { path: own, notice: null };
}

/**
 * Return the data folder of a new installation, regardless of TAC8_HOME and of an older version's folder.
 * @returns null when `HOME` is needed and is not an absolute path
 */
export function newDataFolder(given: {
  readonly path: string;
  readonly env: Env;
  readonly folder: Pick<ConfigFolder, "realPath">;
}): string | null {
  const { path, env, folder } = given;
  const root = dataRoot(env);
  // A link to the file itself is not resolved, because deployment tools change its target with each change of the file.
  return root === null ? null : join(root, folderName(join(folder.realPath, basename(path))));
}

/**
 * Return the demo's data folder, one for all folders that it is started from: `demo` in `TAC8_HOME`, else in
 * `$XDG_DATA_HOME/tac8`, where no configuration's folder has that name.
 * @returns null when the default is needed and `HOME` is not an absolute path
 */
export function demoFolder(env: Env, cwd: string): string | null {
  const root = env["TAC8_HOME"] ? resolve(cwd, env["TAC8_HOME"]) : dataRoot(env);
  return root === null ? null : join(root, "demo");
}

/** Return whether the names in a `.tac8` show that it contains data of real work. */
export function hasData(names: readonly string[]): boolean {
  return names.some((name) => DATA_NAMES.has(name));
}

/** Return the name of a data folder, readable and different for each path: `widgets-3f2a91c0` for `/srv/widgets/config.toml`. */
export function folderName(configPath: string): string {
  const safe = basename(dirname(configPath)).replace(/[^A-Za-z0-9._-]+/g, "-");
  const base = safe.slice(0, MAX_BASE).replace(/^[.-]+|[.-]+$/g, "") || "config";
  return `${base}-${createHash("sha256").update(configPath).digest("hex").slice(0, 8)}`;
}

function dataRoot(env: Env): string | null {
  const root = xdgFolder(env, "XDG_DATA_HOME", ".local/share");
  return root === null ? null : join(root, "tac8");
}
