import { isolationWords } from "@tac8/core/isolation/choose";
import { admissionText } from "@tac8/core/domain/admission";
import { runnerAdmission } from "@tac8/core/state/admission";
import { idOf, type RunnerPresence } from "@tac8/core/state/presence";
import { actionButton } from "../pages/button.ts";
import { html, type Html } from "../pages/html.ts";
import { timeTag } from "../pages/time.ts";
import type { OverviewPart } from "./view.ts";

const MAX_DOTS = 16;
const MAX_RUNNERS = 24;

export const runnersPart: OverviewPart = ({ snapshot: { runners } }, { now }) =>
  html`<section id="runners" class="card" aria-labelledby="runners-title">
    <h2 id="runners-title">Runners</h2>
    ${runners.length === 0 && html`<p class="empty">No runner is running: jobs wait until one starts.</p>`}
    <ul class="rows">
      ${runners.slice(0, MAX_RUNNERS).map((runner) => item(runner, now))}
    </ul>
  </section>`;

function item(runner: RunnerPresence, now: number): Html {
  const { name, busy, slots, at } = runner;
  return html`<li id="runner-${idOf(runner)}">
    <span class="what">
      <b>${name}</b> ${dots(runner)} ${admissionChip(runner)}
      <span class="dim reason"
        >${busy} of ${slots} busy${place(runner)}${machine(runner)}${isolation(runner)} · seen ${timeTag(at, now)}</span
      >
    </span>
    ${pauseButton(runner)}
  </li>`;
}

function admissionChip(runner: RunnerPresence): Html | null {
  const admission = runnerAdmission(runner);
  return admission.state === "open" ? null : html`<span class="chip delayed">${admissionText(admission)}</span>`;
}

function pauseButton(runner: RunnerPresence): Html {
  const { name, paused } = runner;
  const id = idOf(runner);
  const path = `/runners/${encodeURIComponent(id)}`;
  return paused
    ? actionButton({ to: `${path}/resume`, text: "Resume", about: name, id: `resume-${id}`, tone: "primary" })
    : actionButton({ to: `${path}/pause`, text: "Pause", about: name, id: `pause-${id}` });
}

function isolation({ isolation: found }: RunnerPresence): Html | null {
  if (found === undefined) return null;
  const text = isolationWords(found.mode);
  return html` · <span title="${found.text}">${text}</span>`;
}

function place({ name, host, labels = [] }: RunnerPresence): string {
  return (host === name ? "" : ` · ${host}`) + (labels.length === 0 ? "" : ` · labels ${labels.join(", ")}`);
}

function machine({ machine }: RunnerPresence): string {
  if (machine === undefined) return "";
  const { freeMemoryMb, freeDiskGb, temperatureC } = machine;
  return [
    freeMemoryMb === null ? "" : ` · ${gigabytes(freeMemoryMb)} free memory`,
    freeDiskGb === null ? "" : ` · ${Math.round(freeDiskGb)} GB free disk space`,
    temperatureC === null ? "" : ` · ${Math.round(temperatureC)} °C`,
  ].join("");
}

function gigabytes(mb: number): string {
  return mb < 1024 ? `${Math.round(mb)} MB` : `${(mb / 1024).toFixed(1)} GB`;
}

/** One dot per slot, filled if the slot is busy. */
function dots({ slots, busy }: RunnerPresence): Html {
  const shown = Math.max(0, Math.min(Math.floor(slots), MAX_DOTS));
  const list = Array.from({ length: shown }, (_, index) => html`<i class="${index < busy && "busy"}"></i>`);
  return html`<span class="dots" aria-hidden="true">${list}</span>`;
}
