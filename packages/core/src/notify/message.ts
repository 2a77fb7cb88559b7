import { z } from "zod";
import { clean, clip } from "../domain/plainText.ts";

const MAX_TITLE = 200;
const MAX_TEXT = 1500;

const KINDS = ["blocked", "answered", "failed", "pr", "hold-begun", "hold-ended", "summary", "test"] as const;
export type MessageKind = (typeof KINDS)[number];

export const messageSchema = z.object({
  /** Unique per event: `<kind>:<id of the event>`, or `summary:<day>`. */
  id: z.string(),
  kind: z.enum(KINDS),
  /** ISO time of the event. */
  at: z.string(),
  /** One line, at most 200 characters. */
  title: z.string(),
  /** May have several lines, at most 1,500 characters. */
  text: z.string(),
  /** `owner/repo#471`; null: the message is not about an issue. */
  issue: z.string().nullable(),
  /** Page of the issue or of its pull request. */
  url: z.string().nullable(),
});
/** A notification. */
export type Message = z.infer<typeof messageSchema>;

/** Return the message without secrets and control characters, shortened: its texts come from agents and from other users. */
export function bounded(message: Message, redact: (text: string) => string): Message {
  // Redact twice: an invisible character inside a secret would hide it from the first pass.
  const harmless = (text: string) => redact(clean(redact(text.replaceAll(/[\r\t]/g, " "))));
  return {
    ...message,
    title: clip(harmless(message.title).replace(/\s+/g, " ").trim(), MAX_TITLE),
    text: clip(harmless(message.text).trim(), MAX_TEXT),
  };
}
