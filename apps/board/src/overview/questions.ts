import { isOpenQuestion } from "@tac8/core/status/questions";
import { refOfJob } from "@tac8/core/domain/reference";
import { clip } from "@tac8/core/domain/plainText";
import { webUrl } from "@tac8/core/github/urls";
import { html, type Html } from "../pages/html.ts";
import { issueLink } from "../pages/issueLink.ts";
import { timeTag } from "../pages/time.ts";
import type { LaterJob } from "./overviewSnapshot.ts";
import type { OverviewContext, OverviewPart } from "./view.ts";

const MAX_QUESTION = 300;

/** The questions that wait for a reply. */
export const questionsPart: OverviewPart = ({ later }, context) => {
  const asked = later.filter(isOpenQuestion);
  if (asked.length === 0) return html`<div id="questions" hidden></div>`;
  return html`<section id="questions" class="notice" aria-labelledby="questions-title">
    <h2 id="questions-title">Blocked: waiting for your reply</h2>
    <ul>
      ${asked.map((job) => item(job, context))}
    </ul>
  </section>`;
};

function item({ id, title, record, due }: LaterJob, { repositories, apiUrl, now }: OverviewContext): Html {
  const ref = refOfJob(id, repositories);
  const answer = ref === null ? null : `${webUrl(apiUrl, ref)}/issues/${ref.number}`;
  const question = clip(record.question.text ?? record.end.reason ?? "", MAX_QUESTION);
  return html`<li id="question-${id}">
    <div>
      ${issueLink(id, repositories)} <b>${title}</b>
      <p class="question">${question}</p>
      <span class="dim">expires ${timeTag(due, now)}</span>
    </div>
    ${answer !== null && html`<a class="button primary" href="${answer}">Reply on GitHub</a>`}
  </li>`;
}
