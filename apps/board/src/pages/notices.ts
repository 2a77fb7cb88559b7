import type { Request } from "express";
import type { Notice } from "./layout.ts";

/** What a page says after a button was pressed; the address carries the key alone, so nobody can put words in it. */
const NOTICES = {
  stopping: { text: "Told to stop: its work is saved and pushed first.", good: true },
  killing: { text: "Told to stop at once: what the agent left is saved.", good: true },
  stopped: { text: "Stopped: it was waiting, and is out of the queue.", good: true },
  ended: { text: "It has ended already: there is nothing to stop.", good: false },
  "not-there": { text: "It is not in the queue: put the label on the issue (again).", good: false },
  moved: { text: "It changed at the same moment: look at it again.", good: false },
  retried: { text: "It waits for its next try.", good: true },
  now: { text: "It waits no longer, and is next.", good: true },
  "now-held": { text: "It waits no longer, and starts when the hold ends: the overview can end it now.", good: true },
  waits: { text: "It is in the queue already: nothing to do.", good: true },
  "waits-held": { text: "It is in the queue, and starts when the hold ends: the overview can end it now.", good: true },
  "being-stopped": { text: "It is being stopped: try again when it has stopped.", good: false },
  runs: { text: "It is being worked on: nothing to do.", good: true },
  blocked: { text: "It is blocked by a question: reply to it on the issue, and the work goes on.", good: false },
  paused: { text: "Paused: agents at work go on, and nothing new starts.", good: true },
  "runner-paused": { text: "Paused: the runner ends what it has, and takes nothing new.", good: true },
  "was-paused": { text: "It was paused already.", good: true },
  resumed: { text: "Resumed.", good: true },
  held: { text: "Resumed; another hold is left, see below.", good: true },
  tried: { text: "The hold is ended: what waited for it goes on now.", good: true },
  "no-hold": { text: "That hold had ended already.", good: true },
  "by-itself": { text: "That hold ends by itself.", good: false },
  "not-paused": { text: "It was not paused.", good: true },
} satisfies Record<string, Notice>;

export type NoticeKey = keyof typeof NOTICES;

export function noticeOf({ query }: Pick<Request, "query">): Notice | null {
  const key = query["said"];
  return typeof key === "string" && Object.hasOwn(NOTICES, key) ? NOTICES[key as NoticeKey] : null;
}
