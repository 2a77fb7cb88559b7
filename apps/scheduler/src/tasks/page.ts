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
  readonly record: RecordPart<"state" | "branch.head" | "pull.url" | "end.reason" | "question.text">;
}

export interface Section {
  readonly tasks: readonly Task[];
  /** Number of all tasks of this kind; `tasks` has those that the page shows. */
  readonly total: number;
}

export interface Tasks {
  readonly pending: Section;
  readonly active: Section;
  readonly completedToday: Section;
  readonly failed: Section;
  readonly blocked: Section;
}

/** Maximum number of tasks in a section. */
export const MAX_TASKS = 100;

/**
 * Render the queue as a Markdown page, for reading only. Pure.
 * @param how `worktrees`: the folder of the worktrees, as configured; `manyRepositories`: show issues with their repository
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
      ...(task.record.state === "answered" ? reason(task) : []),
      ...(task.record.pull.url === null ? [] : [`- PR: ${task.record.pull.url}`]),
    ]),
    section("Failed", tasks.failed, (task) => [line(`❌ ${runnerOf(task)}`, task), ...started(task), ...reason(task)]),
    section("Blocked", tasks.blocked, (task) => [
      line(`⏰ ${runnerOf(task)}`, task),
      ...started(task),
      ...reason(task, task.record.question.text),
    ]),
    "",
  ].join("\n\n");
}

function result({ record }: Task): string {
  return record.state === "answered" ? "answered" : (record.branch.head?.slice(0, 7) ?? "?");
}

function started({ startedAt }: Task): string[] {
  return startedAt === null
    ? []
    : [`- Started: ${new Date(startedAt).toISOString().slice(0, 16).replace("T", " ")} UTC`];
}

function reason({ record }: Task, text: string | null = record.end.reason): string[] {
  return text === null || text.trim() === "" ? [] : [`- Reason: ${oneLine(text, 300)}`];
}

/** Return `p0`, `p1` or `p2`. Each level has two priorities in BullMQ: one for started and one for new work. */
function level({ priority }: Task): string {
  return `p${Math.max(0, Math.ceil(priority / 2) - 1)}`;
}

function oneLine(text: string, max: number): string {
  return clip(text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim(), max);
}
