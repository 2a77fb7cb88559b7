import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { startReusableChild, type ReusableChild } from "./reusableChild.ts";

const LIMITS = { uses: 3, memory: 100, output: 1000 };
let child: ReusableChild;
afterEach(() => child.end());

/** Start a child that evaluates each line of its input, which is a JSON text, as a program. */
function start(): ReusableChild {
  const program = `require("readline").createInterface({ input: process.stdin }).on("line", (line) => eval(JSON.parse(line)))`;
  child = startReusableChild({ name: "the child", args: ["-e", program], env: {}, limits: LIMITS });
  return child;
}

/** Use the child once. The use is finished with its first message. */
function use(program: string, memory = 1) {
  return child.use(program, () => child.finish(memory));
}

const say = (text: string) => `process.stdout.write(${JSON.stringify(text)})`;

test("a child is reusable after each finished use, until it reaches a limit", async () => {
  start();
  for (const isReusable of [true, true, false]) {
    expect(await use(say("1\n"))).toBeNull();
    expect(child.isReusable()).toBe(isReusable);
  }
  await child.end();
  start();
  await use(say("1\n"), 100);
  expect(child.isReusable()).toBe(false);
});

test.each([
  ["another message", "1\n2\n"],
  ["a part of a message", "1\n2"],
])("a child that writes %s after the use is killed", async (_name, text) => {
  start();
  expect(await use(say(text))).toBeNull();
  expect(child.isReusable()).toBe(false);
});

test("a child that writes something without a use is killed", async () => {
  start();
  await use(`${say("1\n")}; setTimeout(() => ${say("2\n")}, 20)`);
  await vi.waitFor(() => expect(child.isReusable()).toBe(false), { timeout: 10_000 });
});

test("a child with too much output is killed, also without the end of a line", async () => {
  start();
  expect(await use(say("1".repeat(1001)))).toEqual({ hasDied: false, words: "" });
});

test.each([
  ["exits", "process.exit(0)", ""],
  ["fails", `process.stderr.write("a\\nb\\n"); process.exit(1)`, "b"],
  ["is killed", `process.kill(process.pid, "SIGKILL")`, ""],
])("a child that %s by itself has died, for this use and a later one", async (_name, program, words) => {
  start();
  expect(await use(program)).toEqual({ hasDied: true, words });
  expect(child.isReusable()).toBe(false);
  expect(await use(say("1\n"))).toEqual({ hasDied: true, words });
});

test("a child that was killed here has not died, even if it also fails", async () => {
  start();
  const end = use("process.exit(1)");
  child.kill();
  expect(await end).toEqual({ hasDied: false, words: "" });
});

test("a busy child is killed some time after its end was requested", async () => {
  start();
  const answered = Promise.withResolvers<unknown>();
  const end = child.use(`${say("1\n")}; for (;;);`, answered.resolve);
  await answered.promise;
  await child.end();
  expect(await end).toEqual({ hasDied: false, words: "" });
});

test("a child that closes its input counts as dead before a later stop", async () => {
  start();
  const answered = Promise.withResolvers<unknown>();
  const program = `require("fs").closeSync(0); ${say("1\n")}; setInterval(() => undefined, 1000)`;
  const closed = child.use(program, answered.resolve);
  await answered.promise;
  child.stdin.write("\n");
  await once(child.stdin, "error");
  child.kill();
  expect(await closed).toMatchObject({ hasDied: true });
});
