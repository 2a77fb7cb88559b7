import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StepFailure } from "@tac8/core/domain/failures";
import { exited, isRunning } from "../../agent/testing/harness.ts";
import { spawned } from "./child.ts";
import { startPlaceHelper, type PlaceHelper } from "./client.ts";
import { MAX_ANSWER_HEADER, MAX_CHUNK, MAX_MESSAGE, MAX_ERROR_TEXT, WINDOW } from "./protocol.ts";

const HOSTILE = fileURLToPath(new URL("../../../fixtures/programs/hostile-helper.mjs", import.meta.url));
const GIT = { dir: "/", env: {}, args: ["status"], maxBytes: 100, timeoutMs: 60_000 };
const MAX_READ = 100;
const MAX_LIST = 3;

/** Requests that the tests send. */
const CALLS = {
  exists: (helper: PlaceHelper) => helper.exists("/x"),
  stat: (helper: PlaceHelper) => helper.stat("/x"),
  list: (helper: PlaceHelper) => helper.list("/x", MAX_LIST),
  listAll: (helper: PlaceHelper) => helper.list("/x"),
  readFile: (helper: PlaceHelper) => helper.readFile("/x", MAX_READ),
  remove: (helper: PlaceHelper) => helper.remove("/x"),
  realPath: (helper: PlaceHelper) => helper.realPath("/x"),
  hasProgram: (helper: PlaceHelper) => helper.hasProgram("/bin", "x"),
  git: (helper: PlaceHelper) => helper.git(GIT),
  stream: async (helper: PlaceHelper) => {
    const stream = helper.streamGit(GIT);
    stream.stdout.resume();
    await finished(stream.stdout);
    return stream.ended;
  },
  /** A stream without a reader. */
  unread: async (helper: PlaceHelper) => {
    const { stdout, ended } = helper.streamGit(GIT);
    if (!(stdout instanceof PassThrough)) throw new Error("another stream");
    await ended;
    if (stdout.readableLength + stdout.writableLength > MAX_BUFFERED) throw new Error("too much is kept");
    return finished(stdout);
  },
} satisfies Record<string, (helper: PlaceHelper) => Promise<unknown>>;
type CallName = keyof typeof CALLS;

/** Size of the window, plus the buffers of the two halves of a stream. */
const MAX_BUFFERED = (WINDOW + 2) * MAX_CHUNK;

interface Step {
  readonly header?: string;
  readonly payload?: string;
  readonly lengths?: readonly [number, number];
  readonly raw?: string;
  readonly words?: string;
  readonly exit?: number;
  readonly close?: boolean;
  readonly leave?: boolean;
  readonly times?: number;
}

/** An answer with this value, as JSON. */
function value(json: string, payload = ""): Step {
  return { header: `{"id":ID,"kind":"value","value":${json}}`, payload };
}

function chunk(payload: string, times = 1): Step {
  return { header: '{"id":ID,"kind":"chunk"}', payload, times };
}

/** The helper exits at the end of its input. */
const LEAVE: Step = { leave: true };

function found(fields: string): Step {
  return value(`{"kind":"file","size":1,"used":1,"mtimeMs":1,"ctimeMs":1,${fields}}`);
}

function git(fields: string, payload = ""): Step {
  return value(`{"code":0,"output":0,"how":"","folder":"folder",${fields}}`, payload);
}

const gitEnd = '{"code":0,"timedOut":false}';
const x = (length: number) => "x".repeat(length);

const WRONG: readonly (readonly [string, CallName, readonly Step[]])[] = [
  ["a number in place of true or false", "exists", [value("1")]],
  ["true with bytes", "exists", [value("true", "x")]],
  ["a value for a removal", "remove", [value("true")]],
  ["bytes for a removal", "remove", [value("null", "x")]],
  ["text in place of whether a program exists", "hasProgram", [value('"yes"')]],
  ["an unknown kind of file", "stat", [found('"kind":"socket"')]],
  ["a size as text", "stat", [found('"size":"1"')]],
  ["an infinite size", "stat", [found('"size":1e999')]],
  ["a negative size", "stat", [found('"used":-1')]],
  ["a time that is null", "stat", [found('"mtimeMs":null')]],
  ["no fields", "stat", [value("7")]],
  ["bytes beside a file's state", "stat", [value("null", "x")]],
  ["a name with a slash", "list", [value("null", "fa/b\0")]],
  ["a name that leads up", "list", [value("null", "d..\0")]],
  ["a name that leads nowhere", "list", [value("null", "d.\0")]],
  ["an empty name", "list", [value("null", "f\0")]],
  ["a name without an end", "list", [value("null", "fa\0fb")]],
  ["an unknown kind in a list", "list", [value("null", "sa\0")]],
  ["more entries than asked for", "list", [value("null", "fa\0fb\0fc\0fd\0")]],
  ["more bytes than entries have", "list", [value("null", `f${x(4000)}\0`)]],
  ["more entries than a folder may have", "listAll", [value("null", "fa\0".repeat(100_001))]],
  ["a list that is a value", "list", [value("[]")]],
  ["more content than asked for", "readFile", [value("true", x(MAX_READ + 1))]],
  ["content of a missing file", "readFile", [value("false", "x")]],
  ["content without true or false", "readFile", [value("null")]],
  ["a relative path", "realPath", [value('"x"')]],
  ["a path with a way up", "realPath", [value('"/a/../b"')]],
  ["a path with a NUL", "realPath", [value('"/a\\u0000b"')]],
  ["a path that is a number", "realPath", [value("1")]],
  ["an exit code over 255", "git", [git('"code":256')]],
  ["a negative exit code", "git", [git('"code":-1')]],
  ["half an exit code", "git", [git('"code":0.5')]],
  ["an exit code as text", "git", [git('"code":"0"')]],
  ["no exit code", "git", [value("{}")]],
  ["an unknown folder", "git", [git('"folder":"?"')]],
  ["a number in place of text", "git", [git('"how":1')]],
  ["long words", "git", [git(`"how":"${x(MAX_MESSAGE + 1)}"`)]],
  ["more output than there are bytes", "git", [git('"output":2', "x")]],
  ["a negative length of output", "git", [git('"output":-1', "x")]],
  ["more output than the limit", "git", [git('"output":101', x(101))]],
  ["more words than the limit", "git", [git('"output":0', x(MAX_ERROR_TEXT + 1))]],
  ["more of both than the limit", "git", [git('"output":100', x(MAX_ERROR_TEXT + 101))]],
  ["an empty chunk", "stream", [chunk("")]],
  ["a large chunk", "stream", [chunk(x(MAX_CHUNK + 1))]],
  ["more chunks than its reader takes", "unread", [chunk(x(MAX_CHUNK), WINDOW + 1)]],
  ["small chunks without an end", "unread", [chunk("x", 100_000)]],
  ["a stream's end without its fields", "stream", [value("{}")]],
  ["a stream's end with a wrong code", "stream", [value('{"code":true,"timedOut":false}')]],
  ["a chunk after the end", "stream", [value(gitEnd), chunk("x")]],
  ["chunks where none are asked for", "git", [chunk("x")]],
  ["two answers", "exists", [value("true"), value("true")]],
  ["an answer to another request", "exists", [{ header: '{"id":4711,"kind":"value","value":true}' }]],
  ["an answer to no request", "exists", [{ header: '{"kind":"value","value":true}' }]],
  ["an id as text", "exists", [{ header: '{"id":"ID","kind":"value","value":true}' }]],
  ["an answer without a kind", "exists", [{ header: '{"id":ID,"value":true}' }]],
  ["an answer that is null", "exists", [{ header: "null" }]],
  ["an answer that is not JSON", "exists", [{ header: '{"id":' }]],
  ["an empty answer", "exists", [{ header: "" }]],
  ["an error without a message", "exists", [{ header: '{"id":ID,"kind":"error","code":null}' }]],
  [
    "an error with a long message",
    "exists",
    [{ header: `{"id":ID,"kind":"error","code":null,"message":"${x(MAX_MESSAGE + 1)}"}` }],
  ],
  ["an error with a strange code", "exists", [{ header: '{"id":ID,"kind":"error","code":"no code","message":"x"}' }]],
  ["an error with bytes", "exists", [{ header: '{"id":ID,"kind":"error","code":null,"message":"x"}', payload: "x" }]],
  ["a header over the limit", "exists", [{ header: "", lengths: [MAX_ANSWER_HEADER + 1, 0] }]],
  [
    "a payload over the limit",
    "git",
    [{ ...git('"output":0'), lengths: [git('"output":0').header!.length - 1, 2 ** 32 - 1] }],
  ],
  ["garbage", "exists", [{ raw: Buffer.alloc(1000, 0xab).toString("base64") }]],
  ["half an answer and an exit", "exists", [{ raw: "AAAA" }, { exit: 3 }]],
  ["half a stream and an exit", "stream", [chunk("x"), { exit: 0 }]],
  ["a closed output", "exists", [{ close: true }]],
  ["half a stream and a closed output", "stream", [chunk("x"), { close: true }]],
];

let dir = "";
let helper: PlaceHelper;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-hostile-"));
});
afterEach(async () => {
  await helper.close();
  await rm(dir, { recursive: true });
});

const pidFile = () => join(dir, "pid");
const pid = async () => Number(await readFile(pidFile(), "utf8"));

async function start(steps: readonly Step[], deadlineMs = 60_000): Promise<void> {
  const file = join(dir, "steps");
  await writeFile(file, JSON.stringify(steps));
  const command = [process.execPath, HOSTILE, pidFile(), file];
  helper = startPlaceHelper({ start: () => spawned({ command, env: {} }), deadlineMs });
}

const PREFIX = "the helper that runs git in the workspace";
const FAILURE = { failure: { kind: "git", message: expect.stringMatching(`^${PREFIX} `) } };
/** Failures that occur before any deadline. */
const AT_ONCE = new RegExp(`^${PREFIX} (?:gave a wrong answer: |ended by |closed its output)`);

test.each(WRONG)(
  "a helper that answers with %s is killed, and every later request fails",
  async (_what, call, steps) => {
    await start(steps);
    const first = await CALLS[call](helper).catch((error: unknown) => error);
    // A wrong frame after a right answer fails the next request.
    if (!(first instanceof StepFailure)) expect(["a chunk after the end", "two answers"]).toContain(_what);
    const second = await CALLS.stat(helper).catch((error: unknown) => error);
    expect(second).toMatchObject({ failure: { kind: "git", message: expect.stringMatching(AT_ONCE) } });
    if (first instanceof StepFailure) expect(second).toBe(first);
    await exited(await pid());
  },
);

test.each(["exists", "git", "stream", "unread"] as const)(
  "a helper that does not answer %s is killed",
  async (call) => {
    await start([], 50);
    const work = call === "exists" ? CALLS.exists(helper) : callWithin(call);
    await expect(work).rejects.toMatchObject({ failure: { message: expect.stringContaining("gave no answer to") } });
    await expect(CALLS.stat(helper)).rejects.toMatchObject(FAILURE);
  },
);

/** A git command whose time limit has passed. */
async function callWithin(call: "git" | "stream" | "unread"): Promise<unknown> {
  if (call === "git") return helper.git({ ...GIT, timeoutMs: 1 });
  const stream = helper.streamGit({ ...GIT, timeoutMs: 1 });
  if (call === "stream") stream.stdout.resume();
  await stream.ended;
  return finished(stream.stdout);
}

test("a helper that sends half an answer is killed at the deadline", async () => {
  await start([{ header: '{"id":ID,"kind":"value","value":true}', lengths: [1000, 0] }], 500);
  await expect(CALLS.exists(helper)).rejects.toMatchObject(FAILURE);
});

test("a helper that does not end a cancelled git is killed at the deadline", async () => {
  await start([], 50);
  const stop = new AbortController();
  // The command's own time limit is longer than this test.
  const work = helper.git({ ...GIT, timeoutMs: 600_000, signal: stop.signal });
  stop.abort(new Error("shutting down"));
  await expect(work).rejects.toThrow("shutting down");
  await expect(CALLS.stat(helper)).rejects.toMatchObject(FAILURE);
});

test("the failure has the exit code and the first line of standard error", async () => {
  await start([{ words: "\n\u001B[31mbwrap: no\u202E permission\nmore" }, { exit: 3 }]);
  await expect(CALLS.exists(helper)).rejects.toMatchObject({
    failure: { message: "the helper that runs git in the workspace ended by exit code 3: [31mbwrap: no  permission" },
  });
});

test("a long standard error does not hide an answer", async () => {
  await start([{ words: x(1_000_000) }, value("true"), LEAVE]);
  expect(await CALLS.exists(helper)).toBe(true);
});

test("git's exit code, output and standard error are passed on", async () => {
  await start([git('"code":128,"output":3', "abcfatal: no\n"), LEAVE]);
  expect(await helper.git(GIT)).toEqual({
    code: 128,
    bytes: Buffer.from("abc"),
    stderr: "fatal: no",
    errorText: "fatal: no",
  });
});

test("close kills a helper that ignores the end of its input, and a second close waits for the same exit", async () => {
  await start([value("true")], 5000); // `close` waits for the same time.
  await CALLS.exists(helper);
  const running = await pid();
  const closing = [helper.close(), helper.close()];
  await Promise.all(closing);
  expect(isRunning(running)).toBe(false);
  await expect(CALLS.exists(helper)).rejects.toMatchObject({
    failure: { message: expect.stringContaining("was closed") },
  });
});
