import { z } from "zod";

/** The output of a command that failed or was called in a wrong way. */
export const errorOutput = z.strictObject({
  error: z.strictObject({
    code: z
      .int()
      .describe(
        "Exit code of the command: 1 a problem, 2 wrong usage, 78 tac8 cannot start until an operator fixes a problem",
      ),
    lines: z.array(z.string()).describe("What happened and what to do, as on standard error"),
  }),
});
export type ErrorOutput = z.output<typeof errorOutput>;
