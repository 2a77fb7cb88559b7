import { z } from "zod";

/** The output of a command that failed or was called in a wrong way. */
export const errorOutput = z.strictObject({
  error: z.strictObject({
    code: z.int().describe("The [exit code](commands.md#exit-codes)"),
    lines: z.array(z.string()).describe("What happened and what to do"),
  }),
});
export type ErrorOutput = z.output<typeof errorOutput>;
