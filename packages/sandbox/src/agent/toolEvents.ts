import { randomUUID } from "node:crypto";
import type { Event, Speaker } from "./events.ts";

/** A call that the permission rules denied. */
export interface Denial {
  readonly toolUseId: string;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export const denialMessage = ({ tool }: Pick<Denial, "tool">): string => `Permission to use ${tool} has been denied.`;

export const permissionDenied = ({ session }: Speaker, denial: Denial): Event => ({
  type: "system",
  subtype: "permission_denied",
  tool_name: denial.tool,
  tool_use_id: denial.toolUseId,
  message: denialMessage(denial),
  uuid: randomUUID(),
  session_id: session,
});

/** Of the background. */
export interface Task {
  readonly id: string;
  readonly toolUseId: string;
  readonly description: string;
  readonly kind: "shell" | "agent";
}

const taskType = ({ kind }: Task): string => (kind === "shell" ? "local_bash" : "local_agent");

export const backgroundTasks = ({ session }: Speaker, tasks: readonly Task[]): Event => ({
  type: "system",
  subtype: "background_tasks_changed",
  tasks: tasks.map((task) => ({
    task_id: task.id,
    run_id: `run-${task.id}`,
    task_type: taskType(task),
    description: task.description,
  })),
  uuid: randomUUID(),
  session_id: session,
});

export const taskStarted = ({ session }: Speaker, task: Task): Event => ({
  type: "system",
  subtype: "task_started",
  task_id: task.id,
  run_id: `run-${task.id}`,
  tool_use_id: task.toolUseId,
  description: task.description,
  is_backgrounded: true,
  task_type: taskType(task),
  uuid: randomUUID(),
  session_id: session,
});

export const taskNotification = ({ session }: Speaker, task: Task, status: string): Event => ({
  type: "system",
  subtype: "task_notification",
  task_id: task.id,
  run_id: `run-${task.id}`,
  tool_use_id: task.toolUseId,
  status,
  summary: task.description,
  uuid: randomUUID(),
  session_id: session,
});
