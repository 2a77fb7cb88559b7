import { PRIORITIES } from "@tac8/core/domain/priority";
import { z } from "zod";
import { issueName } from "./shared.ts";

export const addOutput = z.strictObject({
  issue: issueName,
  label: z.string(),
  priority: z.enum(PRIORITIES),
  added: z.boolean().describe("False: it had the label already"),
  next: z.string().describe("What happens next, as text"),
});
