import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { blockedHostSchema } from "@tac8/core/domain/blockedHosts";
import { denialSchema } from "@tac8/core/domain/denials";
import { usageSchema } from "@tac8/core/domain/usageSchemas";
import { z } from "zod";
import type { WorkspacePaths } from "./paths.ts";
import { readText, type Files } from "../files/files.ts";
import { localFiles } from "../files/local.ts";

const MAX_BYTES = 256 * 1024;

const endNoteSchema = z.object({
  /** Id of the agent's run. */
  run: z.string(),
  /** Summary of the agent. */
  summary: z.string(),
  /** Command that the agent left running, if its work is published despite that. */
  leftRunning: z.string().nullable().default(null),
  /** Usage of the issue, including this run. */
  usage: usageSchema,
  /** Models of the issue, including this run. */
  models: z.array(z.string()).default([]),
  /** Denied calls of the round, including this run. */
  denied: z.array(denialSchema).nullable().default(null),
  /** Blocked hosts of the round, including this run. */
  blockedHosts: z.array(blockedHostSchema).nullable().default(null),
  /** Reason in the event that reports the end. */
  reason: z.string(),
  evidence: z.record(z.string(), z.union([z.string(), z.number()])),
});

/** Facts about a finished agent, stored on the disk until the record has them. */
export type EndNote = z.infer<typeof endNoteSchema>;

type EndPath = Pick<WorkspacePaths, "endFile">;

/** Write the end note. Its folder exists since the workspace was prepared. If it is missing, the data folder is missing, and a new folder would hide it. */
export async function writeEndNote({ endFile }: EndPath, note: EndNote): Promise<void> {
  await writeWholeFile(endFile, JSON.stringify(note));
}

/** Read the end note. @param files files of the side that has the note. @returns null if there is no readable note */
export async function readEndNote({ endFile }: EndPath, files: Files = localFiles): Promise<EndNote | null> {
  const text = await readText(files, endFile, MAX_BYTES);
  if (text === null) return null;
  try {
    return endNoteSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // Not JSON: the note is incomplete, or is from an older version, where an agent may have written it.
  }
}

export async function removeEndNote({ endFile }: EndPath): Promise<void> {
  await localFiles.remove(endFile);
}
