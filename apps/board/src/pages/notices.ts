import type { Request } from "express";
import type { Notice } from "./layout.ts";

/** The results of actions. The address has only the key, so a link cannot make a page show other text. */
const NOTICES = {
  stopping: { text: "Stopping: the work is saved and pushed first.", good: true },
  killing: { text: "Stopping immediately: the agent's files are saved.", good: true },
  stopped: { text: "Stopped: the waiting job was removed from the queue.", good: true },
  ended: { text: "The issue is already finished: nothing to stop.", good: false },
  "not-there": { text: "The issue is not in the queue: add the label to it (again).", good: false },
  moved: { text: "The issue changed at the same time: check it and try again.", good: false },
  retried: { text: "The issue is queued again.", good: true },
  now: { text: "The delay is ended: the issue is next.", good: true },
  "now-held": {
    text: "The delay is ended: the issue starts when the hold ends. You can end the hold on the overview page.",
    good: true,
  },
  waits: { text: "The issue is already in the queue: nothing to do.", good: true },
  "waits-held": {
    text: "The issue is in the queue and starts when the hold ends. You can end the hold on the overview page.",
    good: true,
  },
  "being-stopped": { text: "The issue is being stopped: try again when it is stopped.", good: false },
  runs: { text: "The issue is running: nothing to do.", good: true },
  blocked: { text: "The issue is blocked by a question: reply on the issue to continue the work.", good: false },
  paused: { text: "Paused: running agents continue, and no new jobs start.", good: true },
  "runner-paused": { text: "Paused: the runner finishes its jobs and accepts no new ones.", good: true },
  "was-paused": { text: "Already paused.", good: true },
  resumed: { text: "Resumed.", good: true },
  held: { text: "Resumed, but another hold is active: see below.", good: true },
  tried: { text: "The hold is ended: work that waited for it continues.", good: true },
  "no-hold": { text: "This hold had already ended.", good: true },
  "by-itself": { text: "This hold cannot be ended early.", good: false },
  "not-paused": { text: "Nothing was paused.", good: true },
} satisfies Record<string, Notice>;

export type NoticeKey = keyof typeof NOTICES;

export function noticeOf({ query }: Pick<Request, "query">): Notice | null {
  const key = query["notice"];
  return typeof key === "string" && Object.hasOwn(NOTICES, key) ? NOTICES[key as NoticeKey] : null;
}
