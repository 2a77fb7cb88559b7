import { posix } from "node:path";
import { folderRule, importsOf, linkTarget } from "./instructions.ts";
import { serversFor, settingsFor, type Folders } from "./settings.ts";
import type { TreeFile } from "./tree.ts";

/** A file for the home folder of an issue's agent. */
export interface HomeFile {
  /** Inside of `.claude`. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly executable: boolean;
}

/** What Claude Code loads of a repository, as files of its user. */
export interface BaseFiles {
  readonly files: readonly HomeFile[];
  /** There is a file `MCP_FILE` among them. */
  readonly hasServers: boolean;
  /** What is not used, and why. */
  readonly notes: readonly string[];
}

/** The repository's MCP servers, for an option of the program. */
export const MCP_FILE = "repository-mcp.json";
/** Folder with the repository's instructions and what they import. */
const INSTRUCTIONS = "repository";
/** The instructions of its folders. */
const FOLDERS = "rules/repository-folders";

const SETTINGS = ".claude/settings.json";
const SERVERS = ".mcp.json";
const MAIN = ["CLAUDE.md", ".claude/CLAUDE.md"];
/** What Claude Code finds in a project's folder as in its user's. */
const SHARED = /^\.claude\/(?:agents|commands|skills|rules|output-styles)\//;
/** How far Claude Code follows imports. */
const MAX_DEPTH = 5;

const MAX_FILES = 1000;
const MAX_FILE_BYTES = 1024 ** 2;
const MAX_BYTES = 16 * 1024 ** 2;

/** Paths that must be listed where the whole tree is too large. */
export const LEAST = [SETTINGS, SERVERS, ...MAIN, ".claude"];

export interface Source {
  /** Of the base commit. */
  readonly entries: readonly TreeFile[];
  readonly read: (files: readonly TreeFile[]) => Promise<ReadonlyMap<string, Buffer>>;
  readonly folders: Folders;
}

/** Reads what Claude Code would load of a commit that is checked out in `folders.tree`: bounded; links count only for instructions. */
export async function collect({ entries, read, folders }: Source): Promise<BaseFiles> {
  const at = new Map(entries.map((entry) => [entry.path, entry]));
  const notes: string[] = [];
  const files: HomeFile[] = [];
  let bytesLeft = MAX_BYTES;
  /** Those of them that are within the bounds. */
  const readAll = async (wanted: readonly TreeFile[]): Promise<{ entry: TreeFile; bytes: Buffer }[]> => {
    const taken: TreeFile[] = [];
    for (const entry of wanted) {
      const fits = entry.size <= MAX_FILE_BYTES && entry.size <= bytesLeft && files.length + taken.length < MAX_FILES;
      if (!fits) notes.push(`${entry.path} is too large, or one of too many`);
      else {
        taken.push(entry);
        bytesLeft -= entry.size;
      }
    }
    const contents = await read(taken);
    return taken.map((entry) => ({ entry, bytes: contents.get(entry.sha) ?? Buffer.alloc(0) }));
  };
  /** Links are named instead. */
  const plain = (found: readonly TreeFile[]): TreeFile[] => {
    for (const { path } of found.filter((entry) => !isPlain(entry))) notes.push(`${path} is a link`);
    return found.filter(isPlain);
  };
  const one = (path: string) => readAll(plain(entries.filter((entry) => entry.path === path)));

  const [settingsFile] = await one(SETTINGS);
  const settings = settingsFile === undefined ? null : settingsFor(folders, settingsFile.bytes.toString("utf8"));
  if (settings !== null) files.push(textFile("settings.json", JSON.stringify(settings, null, 2)));
  else if (settingsFile !== undefined) notes.push(`${SETTINGS} is no JSON object`);
  const [serversFile] = await one(SERVERS);
  const servers = serversFile === undefined ? null : serversFor(settings, serversFile.bytes.toString("utf8"));
  if (serversFile !== undefined && servers === null) notes.push(`${SERVERS} names no server that is turned on`);
  if (servers !== null) files.push(textFile(MCP_FILE, JSON.stringify(servers, null, 2)));

  const shared = entries.filter(({ path }) => SHARED.test(path) && !path.startsWith(`.claude/${FOLDERS}`));
  for (const { entry, bytes } of await readAll(plain(shared))) {
    const path = posix.relative(".claude", entry.path);
    files.push({ path, bytes, executable: entry.mode === "100755" });
  }

  const imported = await followImports({ at, readAll, notes });
  files.push(...imported.map(({ path, bytes }) => ({ path: `${INSTRUCTIONS}/${path}`, bytes, executable: false })));
  const main = MAIN.filter((path) => imported.some((file) => file.path === path));
  if (main.length > 0) files.push(textFile("CLAUDE.md", main.map((path) => `@${INSTRUCTIONS}/${path}\n`).join("")));

  const nested = entries.filter(
    ({ path }) => path.endsWith("/CLAUDE.md") && !MAIN.includes(path) && !SHARED.test(path),
  );
  for (const { entry, bytes } of await readAll(plain(nested))) {
    const folder = posix.dirname(entry.path);
    const rule = folderRule(folder, bytes.toString("utf8"));
    if (rule === null) notes.push(`${entry.path}: its folder's name is no pattern`);
    else files.push(textFile(`${FOLDERS}/${folder}/CLAUDE.md`, rule));
  }
  return { files, hasServers: servers !== null, notes };
}

interface Instructions {
  readonly at: ReadonlyMap<string, TreeFile>;
  readonly readAll: (wanted: readonly TreeFile[]) => Promise<{ entry: TreeFile; bytes: Buffer }[]>;
  readonly notes: string[];
}

/** The repository's main instructions, and what they import from the same commit. A link to another file of it counts as that file. */
async function followImports({ at, readAll, notes }: Instructions): Promise<{ path: string; bytes: Buffer }[]> {
  const found = new Map<string, Buffer>();
  let next = MAIN;
  for (let depth = 0; depth <= MAX_DEPTH && next.length > 0; depth += 1) {
    const wanted = next.filter((path) => !found.has(path)).flatMap((path) => at.get(path) ?? []);
    const more: string[] = [];
    for (const { entry, bytes } of await readAll(wanted)) {
      let text = bytes;
      if (!isPlain(entry)) {
        const target = linkTarget(bytes.toString("utf8"), entry.path);
        const real = target === null ? undefined : at.get(target);
        const [file] = real !== undefined && isPlain(real) ? await readAll([real]) : [];
        if (file === undefined) {
          notes.push(`${entry.path} is a link that leads to no file of the repository`);
          continue;
        }
        text = file.bytes;
      }
      found.set(entry.path, text);
      more.push(...importsOf(text.toString("utf8"), entry.path));
    }
    next = more;
  }
  return [...found].map(([path, bytes]) => ({ path, bytes }));
}

function isPlain({ mode }: TreeFile): boolean {
  return mode === "100644" || mode === "100755" || mode === "100664";
}

function textFile(path: string, text: string): HomeFile {
  return { path, bytes: Buffer.from(text), executable: false };
}
