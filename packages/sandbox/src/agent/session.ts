import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelUsage } from "./usage.ts";
import type { Script } from "./script.ts";

/** Stored state of a session, with which `--resume` continues. */
export interface Session {
  readonly id: string;
  script: Script | null;
  messages: number;
  done: number;
  /** Usage over all processes of this session. */
  total: ModelUsage;
}

/** Where Claude Code would have one. */
const folderOf = (folder: string): string => join(folder, "projects", "scripted");
const fileOf = (folder: string, id: string): string => join(folderOf(folder), `${id}.jsonl`);

export async function loadSession(folder: string, id: string): Promise<Session | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(folder, id), "utf8")) as Session;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

export async function saveSession(folder: string, session: Session): Promise<void> {
  const file = fileOf(folder, session.id);
  await mkdir(folderOf(folder), { recursive: true });
  await writeFile(`${file}.${process.pid}`, JSON.stringify(session));
  await rename(`${file}.${process.pid}`, file);
}
