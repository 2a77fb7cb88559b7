import { z } from "zod";
import { hold, ofStatus } from "./shared.ts";

export const resumeOutput = z.strictObject({
  what: z.string().describe("`operator` (the pause), or the name of a hold or a runner"),
  ended: z.boolean().describe("False: there was nothing to end"),
  holds: z.array(hold).describe("Holds that remain").meta(ofStatus(".holds[]")),
  pausedRunners: z.array(z.string()).describe("Runners that are still paused"),
});
