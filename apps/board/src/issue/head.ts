import { formatDuration, formatRoughly, formatShort, formatUsd } from "@tac8/core/domain/formats";
import { clip } from "@tac8/core/domain/plainText";
import { blockedLine } from "@tac8/core/domain/blockedHosts";
import { OPERATOR } from "@tac8/core/domain/holds";
import { formatReference, jobIdOf } from "@tac8/core/domain/reference";
import { totalTokens } from "@tac8/core/domain/usage";
import { webUrl } from "@tac8/core/github/urls";
import { isEnded } from "@tac8/core/domain/states";
import { agentRunsOf, attemptsBegun } from "@tac8/core/status/counts";
import { actionButton } from "../pages/button.ts";
import { html, type Html } from "../pages/html.ts";
import { issuePath } from "../pages/issueLink.ts";
import { isWebUrl, linked } from "../pages/link.ts";
import { explainedChip } from "../pages/state.ts";
import { timeTag } from "../pages/time.ts";
import type { IssueSnapshot } from "./issueSnapshot.ts";

/** Maximum length of an explanation, a question, and the text of a check. */
const MAX_TEXT = 1500;
/** Maximum length of an agent's answer. */
const MAX_ANSWER = 4000;

/** The status of the issue, its reason, the cost so far, and the possible actions. */
export function issueHead(snapshot: IssueSnapshot, { apiUrl }: { readonly apiUrl: string }): Html {
  const { ref, why, facts } = snapshot;
  const { since } = why;
  return html`<section id="head" class="card issue-head" aria-labelledby="issue-title">
    <p class="line1">
      ${explainedChip(why.state)} <b>${formatReference(ref)}</b>
      ${since !== null && html`<span class="dim">${timeTag(Date.parse(since), facts.now)}</span>`}
    </p>
    <h1 id="issue-title">${titleOf(snapshot)}</h1>
    ${explanation(snapshot, apiUrl)} ${blockedHostsLine(snapshot)} ${figures(snapshot)}
    <div class="buttons">${buttons(snapshot)} ${links(snapshot, apiUrl)}</div>
    <details id="rules">
      <summary>All checks</summary>
      <ul class="rows">
        ${why.rules.map(({ rule, text, holds: isDecisive }) => html`<li>${ruleChip(rule, isDecisive)} <span class="what">${clip(text, MAX_TEXT)}</span></li>`)}
      </ul>
    </details>
  </section>`;
}

/** Whether the issue has a question without a reply. */
function isAsking({ why: { rules }, facts: { record } }: IssueSnapshot): boolean {
  const [first] = rules;
  const isDecisive = first?.holds === true;
  return isDecisive && first.rule === "question" && record.question.text !== null;
}

/** The question or the agent's answer with its line breaks; otherwise the explanation of the status. */
function explanation(snapshot: IssueSnapshot, apiUrl: string): Html {
  const { ref, why, facts } = snapshot;
  const { state } = facts.record;
  const { summary } = facts.record.work;
  if (why.state === "answered" && state === "answered" && summary !== null) {
    return html`<p class="why">The agent made no changes. Its answer, also posted on the issue:</p>
      <p class="question">${clip(summary, MAX_ANSWER)}</p>`;
  }
  if (!isAsking(snapshot)) {
    return html`<p class="why">${linked(clip(why.answer, MAX_TEXT), webUrl(apiUrl, ref))}</p>`;
  }
  return html`<p class="why">The issue is blocked by a question. Reply on the issue to continue the work.</p>
    <p class="question">${clip(facts.record.question.text ?? "", MAX_TEXT)}</p>`;
}

/** Hosts that the run's proxy refused. */
function blockedHostsLine({ facts: { record } }: IssueSnapshot): Html | false {
  const line = blockedLine(record.agent.blockedHosts);
  return line !== "" && html`<p class="dim" id="blocked-hosts">${line}</p>`;
}

export function titleOf({ why, live, ref }: IssueSnapshot): string {
  return why.title || live?.title || `Issue ${ref.number}`;
}

function ruleChip(rule: string, isDecisive: boolean): Html {
  return html`<span class="chip ${isDecisive && "delayed"}">${rule}</span>`;
}

function figures({ facts: { record, job, now }, live }: IssueSnapshot): Html {
  const tokens = Math.max(live?.tokens ?? 0, record.agent.usage === null ? 0 : totalTokens(record.agent.usage));
  const cost = Math.max(live?.costUsd ?? 0, record.agent.usage?.costUsd ?? 0);
  const pull = record.pull.number === null ? "open" : `#${record.pull.number}`;
  const facts: readonly (readonly [string, string | Html])[] = [
    ...(live === null ? [] : ([["Phase", `${live.phase}, ${formatRoughly(now - live.since)}`]] as const)),
    ...(live === null ? [] : ([["Runner", live.slot]] as const)),
    ...(job === null || job.maxAttempts === 0
      ? []
      : ([["Attempts", `${attemptsBegun(job, record)} of ${job.maxAttempts}`]] as const)),
    ["Agent runs", String(agentRunsOf(record))],
    ...(record.agent.usage === null ? [] : ([["Agent time", formatDuration(record.agent.usage.durationMs)]] as const)),
    ...(record.agent.models === null ? [] : ([["Model", record.agent.models.join(", ")]] as const)),
    ["Tokens", formatShort(tokens)],
    ["Cost", formatUsd(cost)],
    ...(isWebUrl(record.pull.url) ? ([["Pull request", html`<a href="${record.pull.url}">${pull}</a>`]] as const) : []),
    ...(record.branch.name === null ? [] : ([["Branch", record.branch.name]] as const)),
  ];
  return html`<dl class="facts">
    ${facts.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function buttons({ ref, why, facts: { job, record, holds } }: IssueSnapshot): Html[] {
  const path = issuePath(ref);
  const ended = isEnded(record.state) && (job === null || job.state === "completed" || job.state === "failed");
  const from = `?from=${encodeURIComponent(jobIdOf(ref))}`;
  const paused = holds.some(({ name }) => name === OPERATOR);
  const waits = job?.state === "delayed" && !(record.state === "blocked" && record.question.reply === null);
  return [
    ...(waits
      ? [actionButton({ to: `${path}/retry`, text: "Try now", about: "without waiting for the delay", id: "try-now" })]
      : []),
    ...(ended
      ? [actionButton({ to: `${path}/retry`, text: "Retry", id: "retry", tone: "primary" })]
      : [actionButton({ to: `${path}/stop`, text: "Stop", id: "stop", tone: "danger" })]),
    ...(why.state === "running"
      ? [
          actionButton({
            to: `${path}/stop-now`,
            text: "Stop now",
            about: "without interrupting the agent first",
            id: "stop-now",
            tone: "danger",
          }),
        ]
      : []),
    paused
      ? actionButton({ to: `/resume${from}`, text: "Resume new jobs", id: "resume" })
      : actionButton({ to: `/pause${from}`, text: "Pause new jobs", id: "pause" }),
  ];
}

function links(snapshot: IssueSnapshot, apiUrl: string): Html {
  const { ref } = snapshot;
  const issue = `${webUrl(apiUrl, ref)}/issues/${ref.number}`;
  const job = `/queues/queue/issues/${encodeURIComponent(jobIdOf(ref))}`;
  return html`${
      isAsking(snapshot)
        ? html`<a class="button primary" href="${issue}">Reply on GitHub</a>`
        : html`<a href="${issue}">Issue on GitHub</a>`
    } <a href="${job}">Job in the queue</a>`;
}
