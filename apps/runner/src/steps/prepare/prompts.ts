import { randomUUID } from "node:crypto";
import { chooseAgent } from "@tac8/core/config/routing";
import { parseMarker } from "@tac8/core/domain/marker";
import { priorityOf } from "@tac8/core/domain/priority";
import {
  fence,
  renderComments,
  renderNextRound,
  renderNetwork,
  renderPrompt,
  renderResume,
  renderTakeover,
  type PromptComment,
  type ResumeReason,
} from "../../prompt/prompt.ts";
import { formatReference } from "@tac8/core/domain/reference";
import { chooseTemplate, TEMPLATE_FILE } from "../../prompt/template.ts";
import type { Comment } from "@tac8/core/github/types";
import { webUrl } from "@tac8/core/github/urls";
import { policyOf } from "../../egress/policy.ts";
import type { Attempts, StepBasics, StepWorkspace } from "../../run/step.ts";
import type { Config } from "@tac8/core/config/resolve";
import type { Isolation } from "@tac8/core/isolation/choose";
import { writeNote } from "../../workspace/notes.ts";
import { readFeedback } from "./feedback.ts";
import type { Admitted, Prepared, Prompts } from "../handover.ts";

/** Return the comments that count, and earlier answers of agents. tac8's other comments are left out. */
function commentsForPrompt(
  comments: readonly Comment[],
  { login, countedComments }: { readonly login: string | null; readonly countedComments: readonly Comment[] },
): PromptComment[] {
  return comments.flatMap((comment) => {
    const { author, body, createdAt } = comment;
    const marker = author.login === login ? parseMarker(body) : null;
    if (marker === null ? !countedComments.includes(comment) : marker.kind !== "answer") return [];
    const text = marker === null ? body : body.slice(body.indexOf("\n") + 1);
    return [{ author: author.login, body: text, createdAt }];
  });
}

export interface PromptNeeds extends StepBasics<"pull.feedback">, Pick<StepWorkspace, "paths" | "mirror"> {
  /** `<host>/<slot>`, for display. */
  readonly runner: string;
  readonly attempts: Attempts;
  readonly config: Pick<Config, "agent" | "agents" | "github">;
  readonly isolation: Isolation["mode"];
  readonly now: () => number;
}

/** Write the prompts, and choose the agent that gets them. */
export async function writePrompts(
  run: PromptNeeds,
  { admitted, prepared }: { readonly admitted: Admitted; readonly prepared: Prepared },
): Promise<Prompts> {
  const { resumeReason, hasEarlierWork, pull } = prepared;
  const { issue, comments, countedComments, leftOut } = admitted;
  const { config, isolation } = run;
  const { login } = run.issue;
  const nonce = randomUUID().slice(0, 8);
  const { template: templateText = await run.mirror.file(prepared.baseSha, TEMPLATE_FILE) } = prepared;
  const { template, note } = chooseTemplate(templateText);
  if (note !== null) run.log.warn(`${TEMPLATE_FILE} of the repository is not used: ${note}`);
  const feedback = pull === null ? "" : await readFeedback(run, pull, nonce);
  const rendered = renderPrompt(template, {
    task_id: `gh-${issue.number}`,
    source: `${webUrl(config.github.api_url, run.issue.ref)}/issues/${issue.number}`,
    issue_number: String(issue.number),
    priority: priorityOf(issue.labels),
    description: fence("ISSUE TITLE", issue.title, nonce),
    issue_body: fence("ISSUE BODY", issue.body, nonce),
    comments: renderComments(commentsForPrompt(comments, { login, countedComments }), { nonce, leftOut }),
    worktree_path: run.paths.tree,
    branch_name: run.record.state.branch.name ?? "",
    worker_id: `${run.runner} for ${formatReference(run.issue.ref)}`,
  });
  const takeover = hasEarlierWork || resumeReason !== null ? renderTakeover(resumeReason, nonce) : "";
  const network = isolation !== "none" ? renderNetwork(policyOf(config.agent.allow_hosts).allowedHosts) : "";
  const full = joined(rendered, takeover, feedback, network);
  await writeNote(run.paths.promptFile, full);
  const resume = resumePrompt({ resumeReason, rendered, nonce, feedback });
  const { labels } = issue;
  const hour = new Date(run.now()).getHours();
  const facts = { priority: priorityOf(labels), labels, retryCount: run.attempts.made, hour };
  return { full, resume, agent: chooseAgent(config.agents, facts) };
}

function resumePrompt(facts: {
  readonly resumeReason: ResumeReason | null;
  readonly rendered: string;
  readonly nonce: string;
  readonly feedback: string;
}): string | null {
  const { resumeReason, rendered, nonce, feedback } = facts;
  if (resumeReason === null) return null;
  return joined(
    resumeReason.kind === "next-round" ? renderNextRound(rendered, nonce) : renderResume(resumeReason, nonce),
    feedback,
  );
}

/** Join the parts that are not empty, with an empty line between them. */
function joined(first: string, ...more: readonly string[]): string {
  const parts = more.filter((part) => part !== "");
  return parts.length === 0 ? first : `${[first, ...parts].join("\n\n")}\n`;
}
