import { messageOf } from "@tac8/core/domain/messageOf";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { Problem } from "../problems/problem.ts";
import { CONFIG, DATA, MANIFEST, parseManifest, RECORDS, SHARED, type Manifest } from "./format.ts";
import { readTar, type TarFile } from "./tar.ts";

const MAX_MANIFEST = 1024 * 1024;

/**
 * Extract a whole backup into a folder that only this user can read. The checksum of gzip is verified when this returns.
 * @throws Problem if the file is not a backup, is damaged or incomplete, or has a newer format
 */
export async function extractBackup(path: string, folder: string): Promise<Manifest> {
  const file = await open(path).catch((error: unknown) => {
    throw new Problem(`the backup ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  let manifest: Manifest | null = null;
  try {
    // An error of the file is reported by `readTar`, which reads the stream.
    const unpacked = pipeline(file.createReadStream(), createGunzip(), () => undefined);
    for await (const entry of readTar(unpacked)) {
      if (manifest === null) {
        manifest = await readManifest(path, entry);
        continue;
      }
      if (!isExpected(entry.path)) throw new Error(`it contains ${JSON.stringify(entry.path.slice(0, 200))}`);
      await put(join(folder, entry.path), entry);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(`${path} cannot be restored: ${messageOf(error)}`, { cause: error });
  }
  if (manifest === null) throw new Problem(`${path} is not a tac8 backup: it is empty`);
  return manifest;
}

async function readManifest(path: string, { path: name, size, body }: TarFile): Promise<Manifest> {
  const noBackup = new Problem(`${path} is not a tac8 backup: create one with tac8 backup`);
  if (name !== MANIFEST || size > MAX_MANIFEST) throw noBackup;
  const parts: Uint8Array[] = [];
  for await (const chunk of body) parts.push(chunk);
  const manifest = parseManifest(Buffer.concat(parts).toString("utf8"));
  if (manifest === null) throw noBackup;
  if ("newer" in manifest) {
    throw new Problem(
      `${path} was made by tac8 ${manifest.tac8}, in a format that this version cannot read: install that version or a newer one`,
    );
  }
  return manifest;
}

/** Whether a path is one that a backup contains, and is inside the folder. */
function isExpected(path: string): boolean {
  if (path === RECORDS || path === CONFIG) return true;
  const inside = path.startsWith(DATA) || path.startsWith(SHARED);
  return (
    inside && !path.includes("\0") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/** Create the folders without which Git does not recognize a repository. They may be empty, so the archive may not have them. */
async function makeRepositoryFolders(path: string): Promise<void> {
  if (!/\/git\/gh-\d+\.git\/HEAD$/.test(path)) return;
  for (const name of ["objects", "refs"]) await mkdir(join(dirname(path), name), { recursive: true, mode: 0o700 });
}

/** Written by agents: sessions, and repositories of workspaces. */
const OF_AGENTS = new RegExp(`^(?:${DATA}(?:homes|workspaces)/|${SHARED})`);
/** The same path twice, a file in place of a folder, a path that is too long: an agent can cause all of these. */
const UNUSABLE: readonly string[] = ["EEXIST", "EISDIR", "ENOTDIR", "ENAMETOOLONG"];

/** @returns null: it cannot be a file here, and an agent wrote it. No agent can make a backup useless. */
async function create(path: string, entry: string): Promise<FileHandle | null> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await makeRepositoryFolders(path);
    return await open(path, "wx", 0o600);
  } catch (error) {
    if (OF_AGENTS.test(entry) && UNUSABLE.includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

async function put(path: string, { path: entry, body }: TarFile): Promise<void> {
  const file = await create(path, entry);
  if (file === null) return;
  try {
    for await (const chunk of body) await file.write(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}
