import type { HomeFile } from "./collect.ts";

/**
 * Settings of Claude Code in a sandbox, which win over a repository's. Before it reads a page, its WebFetch asks
 * `api.anthropic.com` whether the host is on a list of blocked ones. A sandbox has no way to that host but messages to the model,
 * so every page would be refused. There the proxy decides about hosts instead.
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
