import { asArray, asObject, asString, contentOf, type Json } from "@tac8/core/conversation/json";
import type { OpenWork } from "../types.ts";

/**
 * Work that an agent has started and not finished. An agent whose turn ends with such work has not finished, because no
 * work continues after its program ends.
 */
export interface LeftOpen {
  /** Calls that schedule a later turn and have no answer yet. */
  readonly asked: readonly Named[];
  /** Tools that have scheduled a later turn. */
  readonly planned: readonly Named[];
  /** Background tasks that have not finished. */
  readonly tasks: readonly Task[];
  /** Why the newest result is not the end of a complete turn; null if it is. */
  readonly cutOff: string | null;
  /** A result was received, and no turn has started since: a task that ends from now on was not ended by the agent. */
  readonly over: boolean;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

interface Task extends Named {
  readonly shell: boolean;
}

export const NOTHING_OPEN: LeftOpen = { asked: [], planned: [], tasks: [], cutOff: null, over: false };

const MAX_OPEN = 20;
const MAX_NAME = 100;
/**
 * Other versions may use other names. Tools of MCP servers are excluded, because they act elsewhere, such as in a
 * calendar.
 */
const PLANS = /^(?!mcp__).*(?:schedul|wake_?up|cron|remind|timer|alarm|monitor)/i;
const READS = /^(?:list|get|read|show)|List|Get|Read|Show|Status/;
const CALLS_OFF = /delete|cancel|remove|clear|stop|unschedul/i;
/** Values of `terminal_reason` and `stop_reason` of a turn that was cut off. */
const CUT_OFF = /^(?:max_|pause_turn$|budget|model_context_window_exceeded$)/;
const ENDED = ["completed", "failed"];

/** Return the open work after one more event. Pure. */
export function withOpen(open: LeftOpen, event: Json): LeftOpen {
  switch (event["type"]) {
    case "assistant":
      return ofAssistant(open, event);
    case "user":
      return ofUser(open, event);
    case "system":
      return ofSystem(open, event);
    case "result":
      return { ...open, over: true, cutOff: cutOffBy(event) };
    default:
      return open;
  }
}

/**
 * Return whether the program itself waits for a task. A background shell command does not count: it ends with the
 * program.
 */
export function awaitsTask({ tasks }: LeftOpen): boolean {
  return tasks.some(({ shell }) => !shell);
}

/** Describe the open work; empty if everything is finished. */
export function describeOpen({ asked, planned, tasks, cutOff }: LeftOpen): OpenWork[] {
  const work = (description: string): OpenWork => ({ description, isCommand: false });
  return [
    ...[...asked, ...planned].map(({ name }) => work(`it planned to continue later (${name})`)),
    ...tasks.map(({ name, shell }) => ({
      description: `a ${shell ? "command" : "task"} in the background was still running (${name})`,
      isCommand: shell,
    })),
    ...(cutOff === null ? [] : [work(`its turn was cut off (${cutOff})`)]),
  ];
}

function ofAssistant(open: LeftOpen, event: Json): LeftOpen {
  const own = asString(event["parent_tool_use_id"]) === null;
  return contentOf(event).reduce<LeftOpen>(
    (now, block) => {
      const name = block["type"] === "tool_use" ? asString(block["name"]) : null;
      if (name === null || !PLANS.test(name) || READS.test(name)) return now;
      if (CALLS_OFF.test(name)) return { ...now, asked: [], planned: [] };
      return { ...now, asked: added(now.asked, named(block["id"], name)) };
    },
    own ? { ...open, over: false } : open,
  );
}

/** Update the calls with their answers: a rejected call schedules nothing. */
function ofUser(open: LeftOpen, event: Json): LeftOpen {
  if (open.asked.length === 0) return open;
  return contentOf(event).reduce<LeftOpen>((now, block) => {
    const call = now.asked.find(({ id }) => block["type"] === "tool_result" && id === block["tool_use_id"]);
    if (call === undefined) return now;
    const planned = block["is_error"] === true ? now.planned : added(now.planned, call);
    return { ...now, asked: now.asked.filter((other) => other !== call), planned };
  }, open);
}

function ofSystem(open: LeftOpen, event: Json): LeftOpen {
  switch (event["subtype"]) {
    case "init":
      return { ...open, over: false };
    case "background_tasks_changed": {
      const listed = asArray(event["tasks"])
        .slice(0, MAX_OPEN)
        .map((entry) => taskOf(asObject(entry) ?? {}));
      return { ...open, tasks: open.over ? listed.reduce(added<Task>, open.tasks) : listed };
    }
    case "task_started":
      return event["is_backgrounded"] === true ? { ...open, tasks: added(open.tasks, taskOf(event)) } : open;
    case "task_updated":
      return withStatus(open, event, asString(asObject(event["patch"])?.["status"]));
    case "task_notification":
      return withStatus(open, event, asString(event["status"]));
    default:
      return open;
  }
}

/**
 * Update a task. One that the end of the program kills is unfinished; one that the agent stops or that ends by itself
 * is not.
 */
function withStatus(open: LeftOpen, event: Json, status: string | null): LeftOpen {
  if (status === null || status === "running" || status === "pending") return open;
  if (open.over && !ENDED.includes(status)) return open;
  return { ...open, tasks: open.tasks.filter(({ id }) => id !== event["task_id"]) };
}

function cutOffBy(event: Json): string | null {
  const reasons = [asString(event["terminal_reason"]), asString(event["stop_reason"])];
  return reasons.find((reason) => reason !== null && CUT_OFF.test(reason)) ?? null;
}

function taskOf(event: Json): Task {
  const name = asString(event["description"]) ?? asString(event["task_type"]) ?? "?";
  return { ...named(event["task_id"], name), shell: event["task_type"] === "local_bash" };
}

function named(id: unknown, name: string): Named {
  return { id: asString(id) ?? "", name: name.replaceAll(/\s+/g, " ").slice(0, MAX_NAME) };
}

function added<T extends Named>(list: readonly T[], entry: T): readonly T[] {
  return list.length >= MAX_OPEN || list.some(({ id }) => id === entry.id) ? list : [...list, entry];
}
