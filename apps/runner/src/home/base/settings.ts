/** Tools whose rules name files. */
const FILE_TOOLS = "(Read|Edit|Write|MultiEdit|NotebookEdit|Glob|Grep|LS)";
const PROJECT_RULE = new RegExp(`^${FILE_TOOLS}\\(/(?!/)`);
const HOME_RULE = new RegExp(`^${FILE_TOOLS}\\(~/`);
/** Lists that restrict the agent. */
const RESTRICTING = new Set(["deny", "ask", "denyRead", "denyWrite"]);

type Json = Readonly<Record<string, unknown>>;

/** Absolute paths of folders at which a rule may start. */
export interface Folders {
  readonly tree: string;
  /** Home folder of the user who runs tac8; null: unknown. */
  readonly userHome: string | null;
}

/**
 * Return a repository's settings as settings of the user of an issue's home folder. There, `Read(/secret/**)` and
 * relative paths of Claude Code's own sandbox would no longer start at the project's folder, so they get the path of the worktree.
 * `~/` would mean only the issue's home folder, so a rule that denies or asks is repeated for the owner's home folder;
 * a rule that allows is not. Pure.
 * @returns null if the text is not valid settings
 */
export function settingsFor({ tree, userHome }: Folders, text: string): Json | null {
  const folders = { tree, userHome: userHome?.replace(/\/+$/, "") ?? null };
  const settings = parseObject(text);
  if (settings === null) return null;
  const { permissions, sandbox } = settings;
  return {
    ...settings,
    ...(isObject(permissions) ? { permissions: eachEntry(permissions, (rule) => rules(rule, folders)) } : {}),
    ...(isObject(sandbox) ? { sandbox: sandboxFor(sandbox, folders) } : {}),
  };
}

/** Return the rule, and the same rule for the owner's home folder if it names a home folder. */
function rules(rule: string, { tree, userHome }: Folders): readonly [string, string?] {
  const own = rule.replace(PROJECT_RULE, (_, tool: string) => `${tool}(/${tree}/`);
  return userHome !== null && HOME_RULE.test(rule)
    ? [own, rule.replace(HOME_RULE, (_, tool: string) => `${tool}(/${userHome}/`)]
    : [own];
}

function sandboxFor(sandbox: Json, folders: Folders): Json {
  const { filesystem, credentials } = sandbox;
  const files = isObject(credentials) ? credentials["files"] : null;
  const ofFile = (file: unknown) =>
    isObject(file) && typeof file["path"] === "string"
      ? places(file["path"], folders).map((path) => ({ ...file, path }))
      : [file];
  return {
    ...sandbox,
    ...(isObject(filesystem) ? { filesystem: eachEntry(filesystem, (path) => places(path, folders)) } : {}),
    ...(isObject(credentials) && Array.isArray(files)
      ? { credentials: { ...credentials, files: files.flatMap(ofFile) } }
      : {}),
  };
}

/** Return the paths for a path of Claude Code's own sandbox, in which `/` is the root of the file system. */
function places(path: string, { tree, userHome }: Folders): readonly [string, string?] {
  if (/^~(?:\/|$)/.test(path)) return userHome === null ? [path] : [path, `${userHome}${path.slice(1)}`];
  return [path.startsWith("/") ? path : `${tree}/${path.replace(/^\.\//, "")}`];
}

/** Rewrite the texts in an object's lists; add the second text only to a list that restricts the agent. */
function eachEntry(lists: Json, rewrite: (text: string) => readonly [string, string?]): Json {
  const one = (name: string, entry: unknown) => {
    if (typeof entry !== "string") return [entry];
    const [own, owners] = rewrite(entry);
    return owners !== undefined && RESTRICTING.has(name) ? [own, owners] : [own];
  };
  const rewritten = Object.entries(lists).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.flatMap((entry: unknown) => one(name, entry)) : value,
  ]);
  return Object.fromEntries(rewritten) as Json;
}

/** Return a repository's MCP servers without those that its settings disable. Pure. @returns null if there are none */
export function serversFor(settings: Json | null, text: string): Json | null {
  const servers = parseObject(text)?.["mcpServers"];
  if (!isObject(servers)) return null;
  const off = settings?.["disabledMcpjsonServers"];
  const kept = Object.entries(servers).filter(([name]) => !(Array.isArray(off) && off.includes(name)));
  return kept.length === 0 ? null : { mcpServers: Object.fromEntries(kept) };
}

function parseObject(text: string): Json | null {
  try {
    // Claude Code accepts a file with a byte order mark; editors on Windows write one.
    const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
