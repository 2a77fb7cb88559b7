import { formatCount } from "@tac8/core/domain/formats";
import { isOpenQuestion } from "@tac8/core/status/questions";
import { refOfJob } from "@tac8/core/domain/reference";
import { isDeferral, deferralWords } from "@tac8/core/domain/placement";
import { repositoryHold } from "@tac8/core/domain/holds";
import { isEnded } from "@tac8/core/domain/states";
import { admissionText, closingCauses, OPEN } from "@tac8/core/domain/admission";
import { queueAdmission, type Snapshot } from "@tac8/core/status/snapshot";
import { clip } from "@tac8/core/domain/plainText";
import { runnerAdmission } from "@tac8/core/state/admission";
import { html, type Html } from "../pages/html.ts";
import { issueLink } from "../pages/issueLink.ts";
import { stateChip } from "../pages/state.ts";
import { timeTag } from "../pages/time.ts";
import type { LaterJob, ListedJob } from "./overviewSnapshot.ts";
import type { OverviewContext, OverviewPart } from "./view.ts";

const MAX_REASON = 200;
const MAX_LATER = 10;

/** The next jobs, the delayed jobs, and the reasons why they wait. */
export const waitingPart: OverviewPart = ({ snapshot, next, later }, context) => {
  const parked = later.filter((job) => !isOpenQuestion(job)).slice(0, MAX_LATER);
  const more = snapshot.queue.waiting - next.length;
  const label = context.repositories[0]?.issueLabel ?? "rpi-auto";
  return html`<section id="waiting" class="card" aria-labelledby="waiting-title">
    <h2 id="waiting-title">Waiting</h2>
    ${next.length > 0 && html`<p class="why">${whyNotNow(snapshot)}</p>`}
    ${
      next.length + parked.length === 0 &&
      html`<p class="empty">
        No waiting issues. To queue an issue, add the label <span class="chip">${label}</span> to it.
      </p>`
    }
    <ol class="rows">
      ${next.map((job) => nextItem(job, snapshot, context))}
    </ol>
    ${more > 0 && html`<p class="empty">and <a href="/queues/queue/issues?status=prioritized">${formatCount(more, "more", "more")}</a></p>`}
    ${
      parked.length > 0 &&
      html`<h3 class="sub">Delayed</h3>
        <ol class="rows stacked">
          ${parked.map((job) => laterItem(job, context))}
        </ol>`
    }
  </section>`;
};

/** Return the reason why the first job does not start. Pure. */
export function whyNotNow(snapshot: Snapshot): string {
  const { queue, runners } = snapshot;
  const admission = queueAdmission(snapshot);
  if (admission.state === "closed") return admissionText(admission);
  if (queue.paused) return "the queue is paused";
  if (runners.length === 0) return "no runner is running";
  const admissions = runners.map((runner) => runnerAdmission(runner));
  const accepting = runners.filter((_, index) => admissions[index]?.state !== "closed");
  if (accepting.length === 0) return `no runner accepts new jobs: ${closingCauses(admissions[0] ?? OPEN)}`;
  const free = accepting.reduce((sum, { slots, busy }) => sum + Math.max(0, slots - busy), 0);
  return free > 0 ? "starting now" : "all slots are busy";
}

function nextItem(job: ListedJob, { holds }: Snapshot, { repositories, now }: OverviewContext): Html {
  const ref = refOfJob(job.id, repositories);
  const held = ref !== null && holds.some(({ name }) => name === repositoryHold(ref));
  return html`<li id="next-${job.id}">
    <span class="chip">${priorityName(job.priority)}</span>
    <span class="what">${issueLink(job.id, repositories)} ${job.title} ${held && stateChip("hold")}</span>
    <span class="dim">${timeTag(job.queuedAt, now)}</span>
  </li>`;
}

function laterItem({ id, title, due, record }: LaterJob, { repositories, now }: OverviewContext): Html {
  const state = record.state === null || isEnded(record.state) ? "delayed" : record.state;
  const deferral = isDeferral(record.job.hold) ? deferralWords(record.job.hold ?? "") : null;
  const reason = clip(deferral ?? record.end.reason ?? record.end.failure ?? "", MAX_REASON);
  return html`<li id="later-${id}">
    ${stateChip(state)}
    <span class="what"
      >${issueLink(id, repositories)} ${title} ${reason !== "" && html`<span class="dim reason">${reason}</span>`}</span
    >
    <span class="dim">${timeTag(due, now)}</span>
  </li>`;
}

/** Return the priority label of a priority in BullMQ. */
function priorityName(priority: number): string {
  return priority <= 0 ? "first" : `P${Math.min(2, Math.floor((priority - 1) / 2))}`;
}
