/** Tools whose rules name files. */
const FILE_RULE = /^(Read|Edit|Write|MultiEdit|NotebookEdit|Glob|Grep|LS)\(\/(?!\/)/;

type Json = Readonly<Record<string, unknown>>;

/**
 * Pure. A repository's settings as settings of the user: in a rule such as `Read(/secret/**)` the slash stands for the
 * folder of the settings' project, so it is written as the path of the worktree. @returns null: the text is no settings
 */
export function settingsFor(tree: string, text: string): Json | null {
  const settings = parseObject(text);
  if (settings === null) return null;
  const permissions = settings["permissions"];
  if (!isObject(permissions)) return settings;
  const anchor = (rule: unknown) =>
    typeof rule === "string" ? rule.replace(FILE_RULE, (_, tool: string) => `${tool}(/${tree}/`) : rule;
  const lists = Object.entries(permissions).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(anchor) : value,
  ]);
  return { ...settings, permissions: Object.fromEntries(lists) as Json };
}

/**
 * Pure. A repository's MCP servers without those that its settings turn off. @returns null: the text names none
 */
export function serversFor(settings: Json | null, text: string): Json | null {
  const servers = parseObject(text)?.["mcpServers"];
  if (!isObject(servers)) return null;
  const off = settings?.["disabledMcpjsonServers"];
  const kept = Object.entries(servers).filter(([name]) => !(Array.isArray(off) && off.includes(name)));
  return kept.length === 0 ? null : { mcpServers: Object.fromEntries(kept) };
}

function parseObject(text: string): Json | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
