import type { HomeFile } from "./collect.ts";

/**
 * Settings of Claude Code in a sandbox, which take precedence over a repository's settings. Before WebFetch reads a
 * page, it asks `api.anthropic.com` whether the host is blocked. A sandbox can only send messages to the model there,
 * so every page would be refused. Instead, the proxy decides about hosts.
 */
const SETTINGS = { skipWebFetchPreflight: true };
const FILE = "settings.json";

/** Add the settings of a sandbox to the files of an issue's home folder. Pure. */
export function withSandboxSettings(files: readonly HomeFile[]): HomeFile[] {
  const before = files.find(({ path }) => path === FILE);
  const settings = before === undefined ? {} : (JSON.parse(before.bytes.toString("utf8")) as object);
  const bytes = Buffer.from(JSON.stringify({ ...settings, ...SETTINGS }, null, 2));
  return [...files.filter((file) => file !== before), { path: FILE, bytes, executable: false }];
}
