import { clip } from "@tac8/core/domain/plainText";
import { formatReference, type IssueRef } from "@tac8/core/domain/reference";
import type { RecordPart } from "@tac8/core/state/issueState";

/** One job as the page needs it. Times are epoch ms. */
export interface Task {
  readonly ref: IssueRef;
  readonly title: string;
  /** BullMQ's number. */
  readonly priority: number;
  readonly runner: string | null;
  readonly startedAt: number | null;
  readonly state: RecordPart<"state" | "branch.head" | "pull.url" | "end.reason" | "question.text">;
}

export interface Section {
  readonly tasks: readonly Task[];
  /** How many there are; more than `tasks` where the page does not show them all. */
  readonly total: number;
}

export interface Tasks {
  readonly pending: Section;
  readonly active: Section;
  readonly completedToday: Section;
  readonly failed: Section;
  readonly blocked: Section;
}

/** Tasks that a section shows at most. */
export const MAX_TASKS = 100;

/**
 * The queue as a Markdown page. A view: nothing reads it back. Pure. `worktrees`: the folder of the worktrees, as configured;
 * `manyRepositories`: a number alone does not name an issue.
 */
export function renderTasks(tasks: Tasks, how: { worktrees: string; manyRepositories: boolean }): string {
  const name = ({ ref }: Task) => (how.manyRepositories ? formatReference(ref) : `gh-${ref.number}`);
  const line = (mark: string, task: Task) => `[${mark}] ${name(task)}: ${oneLine(task.title, 200)}`;
  const runnerOf = ({ runner }: Task) => runner ?? "?";
  const section = (title: string, { tasks: shown, total }: Section, show: (task: Task) => string[]) => {
    const listed = shown.slice(0, MAX_TASKS);
    const more = total > listed.length ? [`… and ${total - listed.length} more`] : [];
    const entries = listed.map((task) => show(task).join("\n"));
    return [`## ${title}`, ...(listed.length === 0 ? ["(none)"] : entries), ...more].join("\n\n");
  };
  return [
    "# Tasks",
    section("Pending", tasks.pending, (task) => [`${line("", task)} {${level(task)}}`, ...reason(task)]),
    section("Active", tasks.active, (task) => [
      line(`🟡 ${runnerOf(task)}, ${how.worktrees}/gh-${task.ref.number}`, task),
      ...started(task),
    ]),
    section("Completed Today", tasks.completedToday, (task) => [
      line(`✅ ${result(task)}, ${runnerOf(task)}`, task),
      ...started(task),
      ...(task.state.state === "answered" ? reason(task) : []),
      ...(task.state.pull.url === null ? [] : [`- PR: ${task.state.pull.url}`]),
    ]),
    section("Failed", tasks.failed, (task) => [line(`❌ ${runnerOf(task)}`, task), ...started(task), ...reason(task)]),
    section("Blocked", tasks.blocked, (task) => [
      line(`⏰ ${runnerOf(task)}`, task),
      ...started(task),
      ...reason(task, task.state.question.text),
    ]),
    "",
  ].join("\n\n");
}

function result({ state }: Task): string {
  return state.state === "answered" ? "answered" : (state.branch.head?.slice(0, 7) ?? "?");
}

function started({ startedAt }: Task): string[] {
  return startedAt === null
    ? []
    : [`- Started: ${new Date(startedAt).toISOString().slice(0, 16).replace("T", " ")} UTC`];
}

function reason({ state }: Task, text: string | null = state.end.reason): string[] {
  return text === null || text.trim() === "" ? [] : [`- Reason: ${oneLine(text, 300)}`];
}

/** `p0`, `p1`, `p2`: two of BullMQ's numbers each, for begun and for new work. */
function level({ priority }: Task): string {
  return `p${Math.max(0, Math.ceil(priority / 2) - 1)}`;
}

function oneLine(text: string, max: number): string {
  return clip(text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim(), max);
}
