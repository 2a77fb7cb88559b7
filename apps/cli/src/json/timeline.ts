import { z } from "zod";
import { loggedEvent, ofStatus } from "./shared.ts";

export const timelineOutput = z.strictObject({
  events: z.array(loggedEvent).describe("Oldest first").meta(ofStatus(".events[]")),
  more: z.boolean().describe("Whether there are older events"),
});

export const timelineLine = loggedEvent;
