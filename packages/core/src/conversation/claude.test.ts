import { expect, test } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { ClaudeReader } from "./claude.ts";
import type { LiveEvent } from "./event.ts";
import type { Json } from "./json.ts";
import { Outline, outline } from "./outline.ts";
import { shortenEvent } from "./shorten.ts";

function read(events: readonly Json[], options = {}): LiveEvent[] {
  const reader = new ClaudeReader(options);
  return events.flatMap((event, index) => reader.read(event, index));
}

const use = (id: string, name: string, input: Json, more: Json = {}): Json => ({
  type: "assistant",
  message: { content: [{ type: "tool_use", id, name, input }] },
  ...more,
});
const answer = (id: string, content: unknown, more: Json = {}): Json => ({
  type: "user",
  message: { content: [{ type: "tool_result", tool_use_id: id, content, ...more }] },
});
const message = (text: string, more: Json = {}): Json => ({
  type: "assistant",
  message: { content: [{ type: "text", text }] },
  ...more,
});

test("the event's own time goes before that of its coming", () => {
  expect(read([message("a"), message("b", { timestamp: "2026-11-22T07:00:00.000Z" })]).map(({ at }) => at)).toEqual([
    0,
    Date.parse("2026-11-22T07:00:00Z"),
  ]);
});

test("a list that is written whole: what has changed shows, its answer does not", () => {
  const todos = (...statuses: string[]) => ({
    todos: statuses.map((status, index) => ({ content: `step ${index + 1}`, status, activeForm: "…" })),
  });
  const events = read([
    use("a", "TodoWrite", todos("in_progress", "pending")),
    answer("a", "Todos have been modified successfully."),
    use("b", "TodoWrite", todos("completed", "in_progress")),
    answer("b", "no such tool", { is_error: true }),
  ]);
  const entries = outline(events);
  expect(entries.map(({ event: { kind, text }, changed }) => [kind, text, changed.length])).toEqual([
    ["todo", "0 of 2 done: step 1", 2],
    ["todo", "1 of 2 done: step 2", 2],
  ]);
  expect(entries.map(({ children }) => children.map(({ event }) => event.text))).toEqual([[], ["no such tool"]]);
});

test("a list that is kept task by task", () => {
  const all = new Outline();
  const shown = read([
    use("a", "TaskCreate", { subject: "test first", description: "…" }),
    answer("a", "Task #1 created successfully: test first"),
    use("b", "TaskCreate", { subject: "then write", description: "…" }),
    answer("b", [{ type: "text", text: "Task #2 created successfully: then write" }]),
    use("c", "TaskUpdate", { taskId: "1", status: "completed" }),
    answer("c", "Updated task #1 status"),
    use("d", "TaskUpdate", { taskId: "2", status: "deleted" }),
    use("e", "TaskUpdate", { taskId: "9", status: "completed" }),
    use("f", "TaskList", {}),
  ]);
  for (const event of shown) all.add(event);
  expect(all.todo).toEqual([{ text: "test first", status: "completed" }]);
  expect(all.entries.map(({ event }) => event.kind)).toEqual(["todo", "todo", "todo", "todo", "tool"]);
});

test("sub-agents of sub-agents are under the calls that started them, and have their own lists", () => {
  const todos = { todos: [{ content: "of the sub-agent", status: "pending" }] };
  const all = new Outline();
  const placed = read([
    use("outer", "Task", { description: "explore" }),
    use("inner", "Task", { description: "read the file" }, { parent_tool_use_id: "outer" }),
    use("list", "TodoWrite", todos, { parent_tool_use_id: "outer" }),
    message("found it", { parent_tool_use_id: "inner" }),
    answer("inner", "found it"),
    answer("outer", "all is well"),
    message("of nobody we know", { parent_tool_use_id: "lost" }),
  ]).map((event) => all.add(event));
  expect(placed.map((place) => place?.depth ?? null)).toEqual([0, 1, 1, 2, null, 0, 0]);
  const [outer] = all.entries;
  expect(outer?.children.map(({ event }) => event.text)).toEqual(["read the file", "0 of 1 done", "all is well"]);
  expect(all.todo).toEqual([]);
});

test("tools show their main argument, paths without the workspace; all of it where all is wanted", () => {
  const events = [
    { type: "system", subtype: "init", cwd: "/w/trees/gh-1", model: "m", session_id: "s" },
    use("a", "Grep", { path: "/w/trees/gh-1/src", pattern: "TODO" }),
    use("b", "Edit", { file_path: "/w/trees/gh-1/src/a.ts", old_string: "a", new_string: "b" }),
    use("c", "mcp__x__y", { deep: { er: 1 } }),
  ];
  expect(read(events).map(({ text }) => text)).toEqual([
    "m, session s",
    "TODO",
    "src/a.ts\n- a\n+ b",
    '{"deep":{"er":1}}',
  ]);
});

fieldTest("E9", "an edit shows what it removes and adds, whatever tool makes it", () => {
  const file = { file_path: "/w/a.ts" };
  const texts = (input: Json, whole = false) => read([use("a", "Edit", input)], { whole }).map(({ text }) => text);
  const edit = { old_string: "a\nb\n", new_string: "c" };
  expect(texts({ ...file, ...edit })).toEqual(["/w/a.ts\n- a\n- b\n+ c"]);
  expect(texts({ ...file, ...edit, replace_all: true }, true)).toEqual(["/w/a.ts\nreplace_all: true\n- a\n- b\n+ c"]);
  expect(texts({ ...file, edits: [edit, { old_string: "", new_string: "d" }] })).toEqual([
    "/w/a.ts\n- a\n- b\n+ c\n+ d",
  ]);
  expect(texts({ ...file, content: "x\ny\n" })).toEqual(["/w/a.ts\n+ x\n+ y"]);
  expect(texts({ notebook_path: "/w/n.ipynb", new_source: "z" })).toEqual(["/w/n.ipynb\n+ z"]);
});

test("a notice of the same kind in a row counts, and shows the newest", () => {
  const retry = (attempt: number, status: number): Json => ({
    type: "system",
    subtype: "api_retry",
    attempt,
    max_retries: 10,
    retry_delay_ms: 2000,
    error_status: status,
    error: "overloaded",
  });
  const entries = outline(read([retry(1, 529), retry(2, 529), retry(3, 500), retry(4, 529)]));
  expect(entries.map(({ event, times }) => [event.text, times])).toEqual([
    ["model API: 529 overloaded, retry 2 of 10 after 2 s", 2],
    ["model API: 500 overloaded, retry 3 of 10 after 2 s", 1],
    ["model API: 529 overloaded, retry 4 of 10 after 2 s", 1],
  ]);
});

test("a result does not repeat the agent's words, also where both were shortened differently", () => {
  const long = "word ".repeat(2000);
  const events = read([
    message(long),
    { type: "result", subtype: "success", is_error: false, result: long, num_turns: 2 },
    { type: "result", subtype: "success", is_error: false, result: "something else", num_turns: 1 },
  ]).map(shortenEvent);
  expect(events[1]?.text).not.toBe("");
  expect(outline(events).map(({ event }) => event.text.slice(0, 9))).toEqual(["word word", "", "something"]);
});

test("whatever a list is made of, its event fits into 2 kB, and what is open stays", () => {
  const todos = Array.from({ length: 100 }, (_, index) => ({
    content: `\u001b[31m"${index}" ${"ع".repeat(300)}`,
    status: index < 90 ? "completed" : "pending",
  }));
  const [event] = read([use("id".repeat(400), "TodoWrite", { todos }, { parent_tool_use_id: "p".repeat(900) })]);
  const short = shortenEvent(event ?? { at: 0, kind: "todo", text: "" });
  expect(Buffer.byteLength(JSON.stringify(short))).toBeLessThanOrEqual(2048);
  expect(JSON.stringify(short)).not.toContain("\\u001b");
  expect(short.todo?.filter(({ status }) => status === "pending")).toHaveLength(10);
});

test("a denied call is shown once, whether an event or only the result reports it", () => {
  const denial = (tool_use_id: string) => ({ tool_use_id, tool_name: "Bash", tool_input: { command: "git push" } });
  const event = { type: "system", subtype: "permission_denied", tool_use_id: "a", message: "Not allowed." };
  const result = { type: "result", is_error: false, result: "ok", permission_denials: [denial("a"), denial("b")] };
  expect(read([event, result, result]).map(({ kind, text }) => [kind, text])).toEqual([
    ["notice", "Not allowed."],
    ["notice", "denied: Bash git push"],
    ["result", "ok"],
    ["result", "ok"],
  ]);
});
