import { z } from "zod";
import { hold } from "./shared.ts";

export const resumeOutput = z.strictObject({
  what: z.string().describe("`operator` (the hold of a pause), the name of another hold, or the name of a runner"),
  ended: z.boolean().describe("False: there was nothing to end"),
  holds: z.array(hold).describe("Holds that remain"),
  pausedRunners: z.array(z.string()).describe("Names of runners that are still paused"),
});
