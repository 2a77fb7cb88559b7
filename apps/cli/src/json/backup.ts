import { z } from "zod";

export const backupOutput = z.strictObject({
  path: z.string().describe("File of the backup"),
  bytes: z.number(),
  files: z.int(),
  keys: z.int().describe("Keys of Redis"),
  issues: z.int(),
  pausedMs: z.int().describe("Time for which Redis accepted no writes"),
  leftOut: z.array(z.string()).describe("What is not in the backup, and why"),
});
