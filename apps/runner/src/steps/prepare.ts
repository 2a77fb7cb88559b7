import { randomUUID } from "node:crypto";
import { chooseAgent, type AgentChoice } from "@tac8/core/config/routing";
import { StepFailure } from "@tac8/core/domain/failures";
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
} from "@tac8/core/domain/prompt";
import { formatReference } from "@tac8/core/domain/reference";
import { GitHubError, isRefusedRequest } from "@tac8/core/github/errors";
import { chooseTemplate } from "@tac8/core/domain/template";
import type { Comment, Issue, Pull } from "@tac8/core/github/types";
import { webUrl } from "@tac8/core/github/urls";
import { policyOf } from "../egress/policy.ts";
import type { IssuePatch } from "@tac8/core/state/issueState";
import { assertInScope, type PushScope } from "../airlock/pushScope.ts";
import type { RunContext } from "../run/context.ts";
import { withPatience } from "../run/patience.ts";
import type { EnsuredWorkspace } from "../workspace/ensure.ts";
import { writeNote } from "../workspace/notes.ts";
import { soundWorkspace } from "../workspace/soundWorkspace.ts";
import type { Admitted } from "./admit.ts";
import { readAnswer } from "./answer.ts";
import { chooseBranch } from "./branch.ts";
import { readFeedback } from "./feedback.ts";
import { assertRulesAllow } from "./branchRules.ts";
import { showLabel } from "./labels.ts";
import { isRefusedEverywhere, refusedEverywhere } from "./refusedEverywhere.ts";
import { sessionOutlives } from "./session.ts";
import { showStatus } from "./statusComment.ts";
import { isTrusted } from "./trusted.ts";
import { pullBefore } from "./unchanged.ts";

export interface Prompts {
  /** For a new session: everything. */
  readonly full: string;
  /** For a session that is resumed: what is new. */
  readonly resume: string | null;
  /** How the run's agent is started. */
  readonly agent: AgentChoice;
}

const TEMPLATE_FILE = "worker_template.md";

export interface PrepareInput {
  readonly scope: PushScope;
  readonly admitted: Admitted;
  /** Why the agent's work is resumed; null: it is new. */
  readonly why: ResumeReason | null;
}

export interface Prepared {
  readonly baseSha: string;
  /** How the workspace was found. */
  readonly how: EnsuredWorkspace["how"];
  /** For the record, once it is known what an agent before had left unrecorded. */
  readonly patch: IssuePatch;
  /** As it is on GitHub. */
  readonly why: ResumeReason | null;
  /** There is earlier work in the workspace or on the branch. */
  readonly begun: boolean;
  /** The open pull request that the work goes on with. */
  readonly pull: Pull | null;
}

/**
 * Reads the repository as it is now, chooses the branch, and makes the workspace good. Says on the issue that work begins.
 * @throws StepFailure
 */
export async function prepare(run: RunContext, { scope, admitted, why: given }: PrepareInput): Promise<Prepared> {
  const options = { signal: run.switch.halt };
  const patient = { signal: run.switch.halt, factor: run.services.config.coordinator.backoff_factor };
  const { github } = run.services;
  const { base, defaultBranch } = scope;
  const { issue, comments } = admitted;
  const why = await answerOf(run, given, comments);
  await showBeginning(run, issue);

  const { branch, pull } = await withPatience(
    () => chooseBranch(scope, (name) => github.pullsOfBranch(run.ref, name, options)),
    patient,
  );
  assertInScope(branch, scope); // Before the agent is paid.
  await withPatience(() => run.mirror.refresh(run.switch.halt), patient);
  const baseSha = await run.mirror.branch(base);
  if (baseSha === null) {
    throw new StepFailure({ kind: "git", message: `the base branch ${base} is not on GitHub` });
  }
  const published = await run.mirror.branch(branch);
  await assertRulesAllow(run, { branch, exists: published !== null });
  const needed = published === null ? [baseSha] : [baseSha, published];
  await run.mirror.verify(needed, `base/gh-${issue.number}`, run.switch.halt);
  const start = published ?? baseSha;
  await run.mirror.pin(`base/gh-${issue.number}`, baseSha, run.switch.halt);
  const workspace = await soundWorkspace(run.mirror, {
    paths: run.paths,
    place: run.place(run.switch.halt),
    mirrorDir: run.mirror.paths.dir,
    goal: { branch, start, base: baseSha, names: { base, defaultBranch }, published: published !== null },
    stamp: run.id,
  });
  if (run.mirror.aside !== null) {
    run.log.warn({ aside: run.mirror.aside }, "the local copy of the repository was damaged: made a new one");
  }
  if (workspace.aside !== null) {
    run.log.warn({ aside: workspace.aside }, `put the old workspace aside, because ${workspace.because}`);
  }
  if (workspace.how === "rebased") {
    run.log.warn({ branch }, "somebody else had pushed to the branch: the workspace's commits are on top of theirs");
  }
  const atHome = run.state.sessionHome === run.services.homeId;
  const nextRound = why?.kind === "next-round";
  const first = run.state.checkpoint === "none" && (why === null || nextRound);
  const patch = {
    checkpoint: "prepared",
    branch,
    baseSha,
    startSha: workspace.head,
    headSha: null,
    publishedSha: published,
    madeSha: null,
    theirSha: theirsOn(published, run.state),
    rebase: null,
    ...(sessionOutlives(workspace.how, { atHome, changedNothing: nextRound }) ? {} : { session: null }),
    prNumber: pull?.number ?? null,
    prUrl: pull?.url ?? null,
    prBefore: pullBefore(run.state, { pull, isFirst: first }),
    ...(first ? { added: null } : {}),
  } as const;
  const begun = published !== null || workspace.how !== "created";
  return { baseSha, how: workspace.how, patch, why, begun, pull };
}

/** An answer is what GitHub has of it; a run without one goes on as if it had been interrupted. */
async function answerOf(
  run: RunContext,
  given: ResumeReason | null,
  comments: readonly Comment[],
): Promise<ResumeReason | null> {
  if (given?.kind !== "answer") return given;
  const { login } = run.services;
  const patient = { signal: run.switch.halt, factor: run.services.config.coordinator.backoff_factor };
  const found = await withPatience(
    () => readAnswer(comments, { login, mayAnswer: (author) => isTrusted(run, author) }),
    patient,
  );
  if (found === null) run.log.warn("the answer is not on the issue: the run goes on without it");
  return found === null ? { kind: "interrupted" } : { ...found, withheld: given.withheld ?? null };
}

/** What is on the branch, and was not pushed by us, has to stay there whatever the agent makes of its history. */
function theirsOn(published: string | null, before: RunContext["state"]): string | null {
  if (published === null) return null;
  return published === before.publishedSha ? before.theirSha : published;
}

/**
 * A comment or label that GitHub does not take is no reason not to work, unless it takes none of this token in the whole
 * repository: no agent is paid then. @throws StepFailure
 */
async function showBeginning(run: RunContext, issue: Issue): Promise<void> {
  const attempt = run.job.attemptsMade + 1;
  const { state, since } = run.state;
  const waitedMs = state === "queued" && since !== null ? run.services.now() - Date.parse(since) : null;
  const event = { reason: attempt === 1 ? "work began" : `attempt ${attempt} began`, evidence: { attempt, waitedMs } };
  await run.write({ state: "running" }, event);
  try {
    await showStatus(run, "running", null);
    await showLabel(run, "working", issue.labels);
  } catch (error) {
    run.switch.halt.throwIfAborted();
    const refused = error instanceof GitHubError && error.kind === "not-found";
    const after = refused
      ? await run.services.github.issue(run.ref, run.ref.number, { signal: run.switch.halt })
      : null;
    if (isRefusedEverywhere(error, issue, after?.kind ?? null)) throw new StepFailure(refusedEverywhere(error));
    const said = error instanceof Error ? error.message : String(error);
    run.log.warn({ speechless: isRefusedRequest(error) }, `could not show on the issue that work began: ${said}`);
  }
}

/** People's comments that count, and what agents have answered before; what else is ours belongs to no conversation. */
function conversationOf(
  comments: readonly Comment[],
  { login, counted }: { readonly login: string | null; readonly counted: readonly Comment[] },
): PromptComment[] {
  return comments.flatMap((comment) => {
    const { author, body, createdAt } = comment;
    const marker = author.login === login ? parseMarker(body) : null;
    if (marker === null ? !counted.includes(comment) : marker.kind !== "answer") return [];
    const words = marker === null ? body : body.slice(body.indexOf("\n") + 1);
    return [{ author: author.login, body: words, createdAt }];
  });
}

/** Writes the prompts, and chooses the agent that gets them. */
export async function writePrompts(
  run: RunContext,
  { admitted, prepared }: { readonly admitted: Admitted; readonly prepared: Prepared },
): Promise<Prompts> {
  const { why, begun, pull } = prepared;
  const { issue, comments, counted, leftOut } = admitted;
  const { config, login } = run.services;
  const nonce = randomUUID().slice(0, 8);
  const { template, note } = chooseTemplate(await run.mirror.file(run.state.baseSha ?? "", TEMPLATE_FILE));
  if (note !== null) run.log.warn(`${TEMPLATE_FILE} of the repository is not used: ${note}`);
  const feedback = pull === null ? "" : await readFeedback(run, pull, nonce);
  const rendered = renderPrompt(template, {
    task_id: `gh-${issue.number}`,
    source: `${webUrl(config.github.api_url, run.ref)}/issues/${issue.number}`,
    issue_number: String(issue.number),
    priority: priorityOf(issue.labels),
    description: fence("ISSUE TITLE", issue.title, nonce),
    issue_body: fence("ISSUE BODY", issue.body, nonce),
    comments: renderComments(conversationOf(comments, { login, counted }), { nonce, leftOut }),
    worktree_path: run.paths.tree,
    branch_name: run.state.branch ?? "",
    worker_id: `${run.runner} for ${formatReference(run.ref)}`,
  });
  const takeover = begun || why !== null ? renderTakeover(why, nonce) : "";
  const { mode } = run.services.isolation;
  const network = mode !== "none" ? renderNetwork(policyOf(config.agent.allow_hosts).words) : "";
  const full = joined(rendered, takeover, feedback, network);
  await writeNote(run.paths.promptFile, full);
  const resume = resumePrompt({ why, rendered, nonce, feedback });
  const { labels } = issue;
  const hour = new Date(run.services.now()).getHours();
  const facts = { priority: priorityOf(labels), labels, retryCount: run.job.attemptsMade, hour };
  return { full, resume, agent: chooseAgent(config.agents, facts) };
}

function resumePrompt(facts: {
  readonly why: ResumeReason | null;
  readonly rendered: string;
  readonly nonce: string;
  readonly feedback: string;
}): string | null {
  const { why, rendered, nonce, feedback } = facts;
  if (why === null) return null;
  return joined(why.kind === "next-round" ? renderNextRound(rendered, nonce) : renderResume(why, nonce), feedback);
}

/** The parts that are there, with an empty line between. */
function joined(first: string, ...more: readonly string[]): string {
  const parts = more.filter((part) => part !== "");
  return parts.length === 0 ? first : `${[first, ...parts].join("\n\n")}\n`;
}
