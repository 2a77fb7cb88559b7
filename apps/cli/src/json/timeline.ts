import { z } from "zod";
import { loggedEvent } from "./shared.ts";

export const timelineOutput = z.strictObject({
  events: z.array(loggedEvent).describe("Oldest first"),
  more: z.boolean().describe("Whether older events were left out"),
});

export const timelineLine = loggedEvent;
