import { isAbsolute } from "node:path";
import { z } from "zod";
import type { LauncherRequest, LauncherSignal } from "@tac8/core/isolation/launcher/protocol";

const path = z.string().min(1).max(4096).refine(isAbsolute);
const id = z.int();

const requestSchema = z.discriminatedUnion("op", [
  z.object({ op: z.literal("hello") }),
  z.object({ op: z.literal("try") }),
  z.object({ op: z.literal("hold"), uid: id, lockFile: path }),
  z.object({
    op: z.literal("run"),
    uid: id,
    groups: z.array(id).max(8),
    program: z.array(z.string()).min(1),
    env: z.record(z.string(), z.string()),
    cwd: path,
  }),
  z.object({ op: z.literal("make"), uid: id, path }),
  z.object({ op: z.literal("copy"), uid: id, from: path, to: path }),
  z.object({ op: z.literal("share"), gid: id, path }),
]);

const signalSchema = z.object({ signal: z.enum(["SIGTERM", "SIGKILL"]) });

/** @throws Error with one line about the mistake */
export function parseRequest(line: string): LauncherRequest {
  const { data, error } = requestSchema.safeParse(parseJson(line));
  if (data === undefined) throw new Error(`a request cannot be read: ${error?.issues[0]?.message ?? "it is not JSON"}`);
  return data;
}

/** Parse a signal; null if the line is none. */
export function parseSignal(line: string): LauncherSignal["signal"] | null {
  return signalSchema.safeParse(parseJson(line)).data?.signal ?? null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
