import { z } from "zod";
import { time } from "./shared.ts";

export const pauseOutput = z.strictObject({
  paused: z.string().describe("`all`, or the name of a runner"),
  began: z.boolean().describe("False: it was paused before"),
  by: z.string(),
  reason: z.string(),
  since: time,
});
