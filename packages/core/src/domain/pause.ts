import { z } from "zod";

/** An operator's word that one runner is to take nothing new: its entry in the hash `tac8:pauses`. */
export const pauseSchema = z.object({
  by: z.string(),
  reason: z.string(),
  /** Epoch ms. */
  since: z.number(),
  /** The runner's name at that time; absent in pauses of older versions, whose key it was. */
  name: z.string().optional(),
});
export type Pause = z.infer<typeof pauseSchema>;

export function parsePause(json: string | null): Pause | null {
  try {
    return json === null ? null : (pauseSchema.safeParse(JSON.parse(json)).data ?? null);
  } catch {
    return null; // An entry that nobody can read pauses nobody.
  }
}
