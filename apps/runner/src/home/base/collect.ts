import { posix } from "node:path";
import { folderRule, importsOf, linkTarget } from "./instructions.ts";
import { serversFor, settingsFor, type Folders } from "./settings.ts";
import type { TreeFile } from "./tree.ts";

/** A file for the home folder of an issue's agent. */
export interface HomeFile {
  /** Path inside `.claude`. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly executable: boolean;
}

/** A repository's files for Claude Code, as files of the user's home folder. */
export interface BaseFiles {
  readonly files: readonly HomeFile[];
  /** Whether `MCP_FILE` is one of them. */
  readonly hasServers: boolean;
  /** One line for each file that is not used, with the reason; bounded. */
  readonly notes: readonly string[];
}

/** The repository's MCP servers, for an option of the program. */
export const MCP_FILE = "repository-mcp.json";
/** Folder with the repository's instructions and their imports. */
const INSTRUCTIONS = "repository";
/** Folder with the instructions of the repository's folders. */
const FOLDERS = "rules/repository-folders";

const SETTINGS = ".claude/settings.json";
const SERVERS = ".mcp.json";
const MAIN = ["CLAUDE.md", ".claude/CLAUDE.md"];
/** Folders that Claude Code reads in a project and in its user's home folder. */
const SHARED = /^\.claude\/(?:agents|commands|skills|rules|output-styles)\//;
/** One of these folders, or their parent folder. */
const SHARED_FOLDER = /^\.claude(?:\/(?:agents|commands|skills|rules|output-styles))?$/;
/** Depth to which Claude Code follows imports. */
const MAX_DEPTH = 5;

const MAX_FILES = 1000;
const MAX_FILE_BYTES = 1024 ** 2;
const MAX_BYTES = 16 * 1024 ** 2;
/** Limit of links, because each is searched for in the list of all files. */
const MAX_LINKS = 100;
const MAX_NOTES = 20;

/** Paths that must be listed even if the whole tree is too large. */
export const REQUIRED = [SETTINGS, SERVERS, ...MAIN, ".claude"];

export interface Source {
  /** Files of the base commit. */
  readonly entries: readonly TreeFile[];
  readonly read: (files: readonly TreeFile[]) => Promise<ReadonlyMap<string, Buffer>>;
  readonly folders: Folders;
}

/**
 * Return the files that Claude Code would load from a commit that is checked out in `folders.tree`, bounded. A link
 * counts as the file or folder of the same commit that it names; settings and servers must not be links.
 */
export async function collect({ entries: listed, read, folders }: Source): Promise<BaseFiles> {
  const at = new Map(listed.map((entry) => [entry.path, entry]));
  const notes = boundedNotes();
  const readAll = boundedReader(read, notes);
  const entries = [...listed, ...(await behindLinks({ entries: listed, at, readAll, notes }))];
  for (const entry of entries.slice(listed.length)) at.set(entry.path, entry);
  const files: HomeFile[] = [];
  /** Return the plain files, and list the links in the notes. */
  const plain = (found: readonly TreeFile[]): TreeFile[] => {
    for (const { path } of found.filter((entry) => !isPlain(entry))) notes.add(`${path} is a link`);
    return found.filter(isPlain);
  };
  const one = (path: string) => readAll(plain(entries.filter((entry) => entry.path === path)));

  const [settingsFile] = await one(SETTINGS);
  const settings = settingsFile === undefined ? null : settingsFor(folders, settingsFile.bytes.toString("utf8"));
  if (settings !== null) files.push(textFile("settings.json", JSON.stringify(settings, null, 2)));
  else if (settingsFile !== undefined) notes.add(`${SETTINGS} is not a JSON object`);
  const [serversFile] = await one(SERVERS);
  const servers = serversFile === undefined ? null : serversFor(settings, serversFile.bytes.toString("utf8"));
  if (serversFile !== undefined && servers === null) notes.add(`${SERVERS} has no enabled server`);
  if (servers !== null) files.push(textFile(MCP_FILE, JSON.stringify(servers, null, 2)));

  const shared = entries.filter(({ path }) => SHARED.test(path) && !path.startsWith(`.claude/${FOLDERS}`));
  for (const { entry, bytes } of await readAll(shared.filter(isPlain))) {
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
  for (const { entry, bytes } of await readThrough(nested, { at, readAll, notes })) {
    const folder = posix.dirname(entry.path);
    const rule = folderRule(folder, bytes.toString("utf8"));
    if (rule === null) notes.add(`${entry.path}: its folder's name cannot be a pattern`);
    else files.push(textFile(`${FOLDERS}/${folder}/CLAUDE.md`, rule));
  }
  return { files, hasServers: servers !== null, notes: notes.list() };
}

interface Reading {
  readonly at: ReadonlyMap<string, TreeFile>;
  readonly readAll: (wanted: readonly TreeFile[]) => Promise<Read[]>;
  readonly notes: Notes;
}

interface Read {
  readonly entry: TreeFile;
  readonly bytes: Buffer;
}

interface Notes {
  add(note: string): void;
  list(): readonly string[];
}

/** Keep the first notes, and count the others: each note is a line of a log. */
function boundedNotes(): Notes {
  const first: string[] = [];
  let more = 0;
  return {
    add(note) {
      if (first.length < MAX_NOTES) first.push(note);
      else more += 1;
    },
    list: () => (more === 0 ? first : [...first, `${more} more like these`]),
  };
}

/** Return a function that reads files within limits, which apply to all its calls together. */
function boundedReader(read: Source["read"], notes: Notes): Reading["readAll"] {
  let filesLeft = MAX_FILES;
  let bytesLeft = MAX_BYTES;
  return async (wanted) => {
    const taken: TreeFile[] = [];
    for (const entry of wanted) {
      const fits = entry.size <= MAX_FILE_BYTES && entry.size <= bytesLeft && filesLeft > 0;
      if (!fits) notes.add(`${entry.path} is too large, or one of too many`);
      else {
        taken.push(entry);
        filesLeft -= 1;
        bytesLeft -= entry.size;
      }
    }
    const contents = await read(taken);
    return taken.map((entry) => ({ entry, bytes: contents.get(entry.sha) ?? Buffer.alloc(0) }));
  };
}

/** Return the files behind links in and below the shared folders, with the paths that a checkout would show. */
async function behindLinks({
  entries,
  at,
  readAll,
  notes,
}: Reading & Pick<Source, "entries">): Promise<readonly TreeFile[]> {
  const links = entries.filter(
    (entry) => !isPlain(entry) && (SHARED_FOLDER.test(entry.path) || SHARED.test(entry.path)),
  );
  for (const { path } of links.slice(MAX_LINKS)) notes.add(`${path} is one link of too many`);
  const found: TreeFile[] = [];
  for (const { entry, bytes } of await readAll(links.slice(0, MAX_LINKS))) {
    const target = linkTarget(bytes.toString("utf8"), entry.path);
    const file = target === null ? undefined : at.get(target);
    const behind = file === undefined ? entries.filter(({ path }) => path.startsWith(`${target}/`)) : [file];
    const files = behind.filter(isPlain).slice(0, MAX_FILES + 1);
    if (files.length === 0) notes.add(`${entry.path} is a link to no file or folder of the repository`);
    found.push(...files.map((real) => ({ ...real, path: entry.path + real.path.slice(target?.length ?? 0) })));
    if (found.length > MAX_FILES) break;
  }
  return found;
}

/** Read the files; for a link, read the file of the commit that it names, under the link's path. */
async function readThrough(wanted: readonly TreeFile[], { at, readAll, notes }: Reading): Promise<Read[]> {
  const direct = await readAll(wanted);
  const targets = new Map<string, TreeFile>();
  for (const { entry, bytes } of direct.filter((file) => !isPlain(file.entry))) {
    const target = linkTarget(bytes.toString("utf8"), entry.path);
    const real = target === null ? undefined : at.get(target);
    if (real !== undefined && isPlain(real)) targets.set(entry.path, real);
    else notes.add(`${entry.path} is a link to no file of the repository`);
  }
  const read = new Map((await readAll([...new Set(targets.values())])).map(({ entry, bytes }) => [entry, bytes]));
  return direct.flatMap(({ entry, bytes }) => {
    if (isPlain(entry)) return [{ entry, bytes }];
    const real = targets.get(entry.path);
    const text = real === undefined ? undefined : read.get(real);
    return text === undefined ? [] : [{ entry, bytes: text }];
  });
}

/** Return the repository's main instructions and their imports from the same commit. */
async function followImports(reading: Reading): Promise<{ path: string; bytes: Buffer }[]> {
  const found = new Map<string, Buffer>();
  const seen = new Set<string>();
  let next = new Set(MAIN);
  for (let depth = 0; depth <= MAX_DEPTH && next.size > 0; depth += 1) {
    const wanted = [...next].filter((path) => !seen.has(path)).flatMap((path) => reading.at.get(path) ?? []);
    for (const { path } of wanted) seen.add(path);
    next = new Set();
    for (const { entry, bytes } of await readThrough(wanted, reading)) {
      found.set(entry.path, bytes);
      for (const path of importsOf(bytes.toString("utf8"), entry.path)) next.add(path);
    }
  }
  return [...found].map(([path, bytes]) => ({ path, bytes }));
}

function isPlain({ mode }: TreeFile): boolean {
  return mode === "100644" || mode === "100755" || mode === "100664";
}

function textFile(path: string, text: string): HomeFile {
  return { path, bytes: Buffer.from(text), executable: false };
}
