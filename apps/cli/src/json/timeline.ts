import { z } from "zod";
import { loggedEvent } from "./shared.ts";

export const timelineOutput = z.strictObject({
  events: z.array(loggedEvent).describe("Oldest first"),
  more: z.boolean().describe("Whether there are older events"),
});

export const timelineLine = loggedEvent;
