import { z } from "zod";
import { time } from "./shared.ts";

export const openOutput = z.strictObject({
  url: z.string().describe("Link that signs in once"),
  expires: time,
});
