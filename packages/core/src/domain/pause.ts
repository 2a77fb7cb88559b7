import { z } from "zod";

/** The pause of one runner by an operator: its entry in the hash `tac8:pauses`. */
export const pauseSchema = z.object({
  by: z.string(),
  reason: z.string(),
  /** Epoch ms. */
  since: z.number(),
  /** Name of the runner at that time; absent in pauses of older versions, which used the name as the key. */
  name: z.string().optional(),
});
export type Pause = z.infer<typeof pauseSchema>;

export function parsePause(json: string | null): Pause | null {
  try {
    return json === null ? null : (pauseSchema.safeParse(JSON.parse(json)).data ?? null);
  } catch {
    return null; // An unreadable entry is not a pause.
  }
}
