import { z } from "zod";

const item = {
  kind: z.string(),
  issue: z.string().nullable().describe("Id of the issue's job, such as `owner.repo.471`"),
  paths: z.array(z.string()).describe("Absolute paths"),
};

export const cleanOutput = z.strictObject({
  dryRun: z.boolean(),
  runners: z
    .array(
      z.strictObject({
        runner: z.string(),
        homeId: z.string().describe("Id of its data folder"),
        home: z.string().describe("Path of its data folder"),
        removed: z
          .array(
            z.strictObject({
              ...item,
              why: z
                .enum(["age", "pressure"])
                .describe("`age`: older than the limit. `pressure`: too little disk space"),
              bytes: z.number().describe("Space on the disk"),
            }),
          )
          .describe("The first 200"),
        removedCount: z.int(),
        bytes: z.number().describe("Removed in total"),
        kept: z
          .array(z.strictObject({ ...item, reason: z.string() }))
          .describe("The first 200 that should be removed, but cannot"),
        keptCount: z.int(),
        problem: z.string().nullable().describe("Null: it worked"),
      }),
    )
    .describe("One for each data folder"),
});
