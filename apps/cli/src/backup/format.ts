/**
 * The format of backups. A backup is a gzipped tar archive. Its first entry is the manifest. Then follow `redis.records`,
 * `config.toml` if there was a configuration file, `data/…` with files of the data folder, and `shared/…` with the sessions of
 * agents that share a home folder, by their path below `.claude/projects`.
 */
export const FORMAT = 1;

export const MANIFEST = "manifest.json";
export const RECORDS = "redis.records";
export const CONFIG = "config.toml";
export const DATA = "data/";
export const SHARED = "shared/";

export interface Manifest {
  readonly format: number;
  /** Version of the tac8 that made it. */
  readonly tac8: string;
  /** ISO time at which Redis was read. */
  readonly at: string;
  readonly host: string;
  /** Absolute path of the data folder. */
  readonly home: string;
  readonly redisVersion: string;
  readonly keys: number;
  readonly issues: number;
  /** Names of the secrets that the installation had. */
  readonly secrets: readonly string[];
}

/** Parse a manifest. Pure. @returns null if the text is not a manifest; `newer` and `tac8` if the format is newer */
export function parseManifest(text: string): Manifest | { readonly newer: number; readonly tac8: string } | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof json !== "object" || json === null) return null;
  const found = json as Readonly<Record<string, unknown>>;
  const { format, tac8, secrets } = found;
  if (typeof format !== "number" || typeof tac8 !== "string") return null;
  if (format > FORMAT) return { newer: format, tac8 };
  const isWhole =
    ["at", "host", "home", "redisVersion"].every((name) => typeof found[name] === "string") &&
    ["keys", "issues"].every((name) => typeof found[name] === "number") &&
    Array.isArray(secrets) &&
    secrets.every((name) => typeof name === "string");
  return isWhole ? (found as unknown as Manifest) : null;
}
