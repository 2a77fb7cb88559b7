import type { Health } from "../health/judge.ts";
import { html, type Html } from "../pages/html.ts";
import { relative } from "../pages/time.ts";

export function healthPills({ redis, scheduler, runners }: Health, now: number): Html {
  const poll = scheduler.lastPollAt === null ? "no poll yet" : `polled ${relative(scheduler.lastPollAt, now)}`;
  const slots = runners.present === 0 ? "none" : `${runners.busy} of ${runners.slots} busy`;
  return html`<ul class="pills" aria-label="Health">
      ${pill("Redis", redis.ok, null, null)} ${pill("Scheduler", scheduler.ok, poll, scheduler.error)}
      ${pill("Runners", runners.ok, slots, null)}
    </ul>
    ${scheduler.error !== null && html`<p class="trouble">Scheduler: ${scheduler.error}</p>`}`;
}

function pill(name: string, ok: boolean, detail: string | null, title: string | null): Html {
  return html`<li class="pill ${ok ? "good" : "bad"}" title="${title ?? ""}">
    <b>${name}</b> <span>${ok ? (detail ?? "ok") : (detail ?? "away")}</span>
  </li>`;
}
