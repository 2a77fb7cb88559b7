import { expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import type { Json } from "@tac8/core/conversation/json";
import { classifyEnd, type AgentResult } from "../classify.ts";
import { agentEnd } from "../testing/agentEnd.ts";
import { INITIAL, reduce, type ClaudeState } from "./reduce.ts";

const call = (name: string, id = "t1"): Json => ({
  type: "assistant",
  message: { content: [{ type: "tool_use", id, name, input: {} }] },
});
const answered = (id = "t1", is_error = false): Json => ({
  type: "user",
  message: { content: [{ type: "tool_result", tool_use_id: id, content: "ok", is_error }] },
});
const init: Json = { type: "system", subtype: "init", session_id: "s" };
const result = (more: Json = {}): Json => ({
  type: "result",
  subtype: "success",
  is_error: false,
  terminal_reason: "completed",
  stop_reason: "end_turn",
  result: "Part 1 is done.",
  model_usage_since_last_result: { m: { outputTokens: 5 } },
  ...more,
});
const task = (task_type: string) => ({ task_id: "b1", task_type, description: "npm test" });
const tasks = (...list: Json[]): Json => ({ type: "system", subtype: "background_tasks_changed", tasks: list });
const started = (task_type: string): Json => ({
  type: "system",
  subtype: "task_started",
  is_backgrounded: true,
  ...task(task_type),
});
const notified = (status: string): Json => ({
  type: "system",
  subtype: "task_notification",
  task_id: "b1",
  status,
});

function resultOfEnd(...events: Json[]): AgentResult {
  const state = events.reduce<ClaudeState>(reduce, INITIAL);
  return classifyEnd(agentEnd(state), { provider: "claude", now: 0 });
}

function kindOf(...events: Json[]): string {
  const agentResult = resultOfEnd(...events);
  return agentResult.ok ? "ok" : agentResult.kind;
}

test.each<[string, Json[], boolean]>([
  ["a command", [tasks(task("local_bash"))], true],
  ["a sub-agent", [tasks(task("local_agent"))], false],
  ["a command, and a later turn", [tasks(task("local_bash")), call("ScheduleWakeup"), answered()], false],
  ["a command, and a sub-agent", [tasks(task("local_bash"), { ...task("local_agent"), task_id: "b2" })], false],
])("left open: %s", (_, events, onlyCommands) => {
  expect(resultOfEnd(init, ...events, result())).toMatchObject({ kind: "unfinished", onlyCommands });
});

test("a command was left running, and the turn was cut off", () => {
  const agentResult = resultOfEnd(init, tasks(task("local_bash")), result({ stop_reason: "max_tokens" }));
  expect(agentResult).toMatchObject({ kind: "unfinished", onlyCommands: false });
});

fieldTest("A4", "an agent that scheduled a later turn has not finished", () => {
  for (const name of ["ScheduleWakeup", "CronCreate", "Monitor", "WakeUpLater", "SetReminder", "create_timer"]) {
    expect([name, kindOf(init, call(name), answered(), result())]).toEqual([name, "unfinished"]);
    expect([name, kindOf(init, call(name), result())]).toEqual([name, "unfinished"]);
  }
});

test.each([
  ["was refused", [call("ScheduleWakeup"), answered("t1", true)]],
  ["was cancelled", [call("CronCreate"), answered(), call("CronDelete", "t2"), answered("t2")]],
  ["is only listed", [call("CronList"), answered()]],
  ["is of an MCP server", [call("mcp__calendar__schedule_meeting"), answered()]],
])("a later turn that %s leaves nothing open", (_, events) => {
  expect(kindOf(init, ...events, result())).toBe("ok");
});

fieldTest("A4", "an agent whose task or sub-agent is still running in the background has not finished", () => {
  for (const type of ["local_bash", "local_agent"]) {
    expect(kindOf(init, tasks(task(type)), started(type), result())).toBe("unfinished");
    // A task that is killed by the end of the program was not finished.
    expect(kindOf(init, tasks(task(type)), result(), notified("killed"), tasks())).toBe("unfinished");
  }
});

test.each([
  ["reported, in a turn of its own", [result(), notified("completed"), tasks(), init, result()]],
  ["ended after the turn", [result(), notified("failed"), tasks()]],
  ["was stopped by the agent", [notified("killed"), tasks(), result()]],
])("a task that %s leaves nothing open", (_, events) => {
  expect(kindOf(init, tasks(task("local_agent")), ...events)).toBe("ok");
});

test("a program that awaits a sub-agent does not count as lingering; with only a shell command it does", () => {
  const after = (type: string) => [init, tasks(task(type)), result()].reduce<ClaudeState>(reduce, INITIAL).finished;
  expect(after("local_agent")).toBe(false);
  expect(after("local_bash")).toBe(true);
});

fieldTest("A4", "a turn that was cut off is not finished, even if the result is a success", () => {
  for (const more of [{ terminal_reason: "max_turns" }, { stop_reason: "max_tokens" }, { terminal_reason: "budget" }]) {
    expect(kindOf(init, result(more))).toBe("unfinished");
  }
});

test("an agent with unfinished work continues after a shutdown, but not after a user's stop", () => {
  const state = [init, call("ScheduleWakeup"), answered(), result()].reduce<ClaudeState>(reduce, INITIAL);
  for (const cause of ["shutdown", "stopped", "timeout"] as const) {
    expect(classifyEnd(agentEnd({ ...state, cause }), { provider: "claude", now: 0 })).toMatchObject({ kind: cause });
  }
});

test("the message names the unfinished work", () => {
  const state = [init, call("ScheduleWakeup"), answered(), tasks(task("local_bash")), result()].reduce<ClaudeState>(
    reduce,
    INITIAL,
  );
  expect(classifyEnd(agentEnd(state), { provider: "claude", now: 0 })).toMatchObject({
    message:
      "the agent ended its turn with unfinished work: it planned to continue later (ScheduleWakeup); a command in the background was still running (npm test)",
  });
});
