import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { blockedHostSchema } from "@tac8/core/domain/blockedHosts";
import { denialSchema } from "@tac8/core/domain/denials";
import { usageSchema } from "@tac8/core/domain/usage";
import { z } from "zod";
import type { WorkspacePaths } from "./paths.ts";
import { readText, type Files } from "../files/files.ts";
import { localFiles } from "../files/local.ts";

const MAX_BYTES = 256 * 1024;

const endNoteSchema = z.object({
  /** The agent's run. */
  run: z.string(),
  /** Its final words. */
  summary: z.string(),
  /** What it had left running, where its work is published all the same. */
  leftRunning: z.string().nullable().default(null),
  /** Of the issue, with this run. */
  usage: usageSchema,
  /** Likewise. */
  models: z.array(z.string()).default([]),
  /** Of the round, with this run. */
  denied: z.array(denialSchema).nullable().default(null),
  /** Likewise. */
  blockedHosts: z.array(blockedHostSchema).nullable().default(null),
  /** The event that reports it. */
  reason: z.string(),
  evidence: z.record(z.string(), z.union([z.string(), z.number()])),
});

/** What the hash is to be told of an agent that has done its work: kept on the disk until the hash has it. */
export type EndNote = z.infer<typeof endNoteSchema>;

type EndPath = Pick<WorkspacePaths, "endFile">;

/** The folder is there since the workspace was prepared. If it is not, the data folder is away, and a new one would hide it. */
export async function writeEndNote({ endFile }: EndPath, note: EndNote): Promise<void> {
  await writeWholeFile(endFile, JSON.stringify(note));
}

/** `files`: of the side that has the note. @returns null when there is none that can be read. */
export async function readEndNote({ endFile }: EndPath, files: Files = localFiles): Promise<EndNote | null> {
  const text = await readText(files, endFile, MAX_BYTES);
  if (text === null) return null;
  try {
    return endNoteSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // Not JSON: cut off, or an older version's, which an agent may have written.
  }
}

export async function removeEndNote({ endFile }: EndPath): Promise<void> {
  await localFiles.remove(endFile);
}
