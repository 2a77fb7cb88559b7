import { spawn } from "node:child_process";
import { on } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exited, FIXTURES, isRunning } from "../../agent/testing/harness.ts";
import { ownGit } from "../../git/executor.ts";
import { spawned } from "./child.ts";
import { GIT_SPAWNER, startGitSpawner, type GitSpawner, type GitSpawnerOptions } from "./gitSpawner.ts";

const PATH = process.env["PATH"] ?? "";

let dir = "";
let spawner: GitSpawner;
let pids: number[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-spawner-"));
  pids = [];
  spawner = start();
});
afterEach(async () => {
  await spawner.close();
  await rm(dir, { recursive: true });
});

function start(options: Partial<GitSpawnerOptions> = {}): GitSpawner {
  return startGitSpawner({
    path: PATH,
    spawn() {
      const child = spawned({ command: GIT_SPAWNER, env: { PATH } });
      pids.push(child.pid ?? 0);
      return child;
    },
    ...options,
  });
}

const command = (
  args: readonly string[],
  more: { readonly signal?: AbortSignal; readonly maxBytes?: number } = {},
) => ({
  dir,
  env: { PATH, HOME: dir },
  args,
  maxBytes: 1_000_000,
  timeoutMs: 60_000,
  ...more,
});

/** A command of git that writes the pids of its shell and of the shell's parent, and does not end. */
const hanging = () => command(["-c", `alias.hang=!echo $$ >'${join(dir, "hang")}'; exec sleep 600`, "hang"]);
async function hangingPid(): Promise<number> {
  for (;;) {
    const pid = Number(await readFile(join(dir, "hang"), "utf8").catch(() => ""));
    if (pid > 0) return pid;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("all commands share one process, which is no process of git's runner", async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => spawner.run(command(["rev-parse", "--sq-quote", String(index)]))),
  );
  expect(answers.map(({ code, bytes }) => `${code} ${bytes.toString().trim()}`)).toEqual(
    answers.map((_, index) => `0 '${index}'`),
  );
  const { bytes } = await spawner.run(command(["-c", "alias.parent=!ps -o ppid= -p $PPID", "parent"]));
  expect(Number(bytes.toString())).toBe(pids[0]);
  expect((await readFile(`/proc/${pids[0]}/cmdline`, "utf8")).replaceAll("\0", " ").trim()).toBe("tac8 spawner"); // No `pkill git` of an agent means it.
  expect(pids).toHaveLength(1);
});

test("a stream, an exit code, too much output and an abort arrive as from a command of this process", async () => {
  const stream = spawner.stream(command(["rev-parse", "--sq-quote", "streamed"]));
  expect((await text(stream.stdout)).trim()).toBe("'streamed'");
  expect(await stream.ended).toMatchObject({ code: 0 });
  expect(await spawner.run(command(["rev-parse", "--verify", "HEAD"]))).toMatchObject({ code: 128 });
  expect(await spawner.run(command(["version"], { maxBytes: 3 }))).toMatchObject({
    code: undefined,
    bytes: Buffer.from("git"),
  });
  const abort = new AbortController();
  const hung = spawner.run({ ...hanging(), signal: abort.signal });
  const pid = await hangingPid();
  abort.abort(new Error("halted"));
  await expect(hung).rejects.toThrow("halted");
  expect(isRunning(pid)).toBe(false);
});

test("if the process dies, its commands fail, and the next one starts another", async () => {
  const output = new Writable({ write: () => undefined });
  const endless = command(["-c", "alias.endless=!yes", "endless"]); // Ends by SIGPIPE.
  const hung = [spawner.run(hanging()), spawner.run({ ...endless, output })];
  const pid = await hangingPid();
  process.kill(pids[0] ?? 0, "SIGKILL");
  const failed = { failure: { kind: "git", message: "the git spawner ended by SIGKILL" } };
  for (const one of hung) await expect(one).rejects.toMatchObject(failed);
  process.kill(pid, "SIGKILL");
  expect(await spawner.run(command(["version"]))).toMatchObject({ code: 0 });
  expect(pids).toHaveLength(2);
});

test("if the process gives no answer, its git is killed, and a command that follows at once starts another", async () => {
  const impatient = start({ deadlineMs: 1000 });
  impatient.run(hanging()).catch(() => undefined);
  const pid = await hangingPid();
  process.kill(pids[0] ?? 0, "SIGSTOP");
  const unanswered = impatient.run({ ...command(["version"]), timeoutMs: 1 });
  const next = unanswered.catch(async () => impatient.run(command(["version"])));
  await expect(unanswered).rejects.toMatchObject({ failure: { kind: "git" } });
  expect(await next).toMatchObject({ code: 0 });
  expect(pids).toHaveLength(2);
  await exited(pid);
  await impatient.close();
  expect(pids.map(isRunning)).toEqual([false, false]);
});

test.each([
  { when: "start", answer: "exit code 0", exited: "exit code 0" },
  { when: "kill", answer: expect.stringContaining("gave no answer to git version"), exited: "SIGKILL" },
])("a runner without free descriptors at the $when of the process continues", async ({ when, ...result }) => {
  const program = [process.execPath, join(FIXTURES, "programs/starvedSpawner.ts"), when, dir];
  const runner = spawn("bash", ["-c", 'ulimit -n 200; exec "$@"', "bash", ...program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  for await (const [line] of on(createInterface({ input: runner.stdout }), "line", { close: ["close"] }))
    lines.push(line);
  const pid = Number(lines[0]);
  const isLeft = isRunning(pid);
  if (isLeft) process.kill(pid, "SIGKILL");
  expect(lines.slice(1).map((line) => JSON.parse(line))).toEqual([result]);
  expect(isLeft).toBe(false);
});

test("a start that fails is tried again by the next command", async () => {
  let isFull = true;
  const full = start({
    spawn() {
      if (isFull) throw new Error("EMFILE: too many open files");
      return spawned({ command: GIT_SPAWNER, env: { PATH } });
    },
  });
  await expect(full.run(command(["version"]))).rejects.toMatchObject({ failure: { kind: "git" } });
  isFull = false;
  expect(await full.run(command(["version"]))).toMatchObject({ code: 0 });
  await full.close();
});

test("an idle process ends, and one with a command does not", async () => {
  const quick = start({ idleMs: 1 });
  const hung = quick.run(hanging());
  const pid = await hangingPid();
  await quick.run(command(["version"]));
  expect(isRunning(pids[0] ?? 0)).toBe(true);
  process.kill(pid, "SIGKILL");
  await hung;
  await exited(pids[0] ?? 0);
  expect(await quick.run(command(["version"]))).toMatchObject({ code: 0 });
  expect(pids).toHaveLength(2);
  await quick.close();
});

test("after close, a running command ends as usual, and further commands need no helper", async () => {
  const hung = spawner.run(hanging());
  const pid = await hangingPid();
  await spawner.close();
  expect(await spawner.run(command(["version"]))).toMatchObject({ code: 0 });
  expect(await text(spawner.stream(command(["version"])).stdout)).toContain("git version");
  expect([pid, pids[0] ?? 0].map(isRunning)).toEqual([true, true]);
  process.kill(pid, "SIGKILL");
  expect(await hung).toMatchObject({ code: expect.anything() });
  await exited(pids[0] ?? 0);
  expect(pids).toHaveLength(1);
});

test("close ends an idle process", async () => {
  await spawner.run(command(["version"]));
  await spawner.close();
  expect(isRunning(pids[0] ?? 0)).toBe(false);
});

test("git reads its input from a file, and writes its output to another stream", async () => {
  const skipped = "skipped\n".repeat(20_000);
  await writeFile(join(dir, "file"), `${skipped}read`);
  const input = { file: join(dir, "file"), from: skipped.length };
  const { code, bytes } = await spawner.run({ ...command(["stripspace"]), input });
  expect([code, String(bytes)]).toEqual([0, "read\n"]);
  const output = new PassThrough();
  const reading = text(output);
  expect(await spawner.run({ ...command(["rev-parse", "--sq-quote", "out"]), output })).toMatchObject({ code: 0 });
  expect((await reading).trim()).toBe("'out'");
  const refused = spawner.run({ ...command(["rev-parse", "--verify", "HEAD"]), output: new PassThrough() });
  expect(await refused).toMatchObject({ code: 128, errorText: expect.stringContaining("fatal") });
});

test.each(["spawner", "this process"])(
  "much text on standard error does not cut the output of git: %s",
  async (where) => {
    const executor = where === "spawner" ? spawner : ownGit;
    const output = new PassThrough();
    const reading = text(output);
    const noisy = command(["-c", "alias.noisy=!yes | head -c 3000000 >&2; echo whole", "noisy"], { maxBytes: 1000 });
    const { code, stderr } = await executor.run({ ...noisy, output });
    expect([code, await reading]).toEqual([0, "whole\n"]);
    expect(stderr.length).toBeLessThanOrEqual(20_000);
  },
);

test("a reader that takes nothing ends its own command after the time limit, and no other", async () => {
  const args = ["-c", "alias.large=!yes | head -c 3000000", "large"];
  const hung = spawner.run(hanging());
  const pid = await hangingPid();
  expect(await spawner.stream({ ...command(args), timeoutMs: 500 }).ended).toMatchObject({ timedOut: true });
  const output = new Writable({ write: () => undefined });
  expect(await spawner.run({ ...command(args), timeoutMs: 500, output })).toMatchObject({ code: undefined });
  process.kill(pid, "SIGKILL");
  await hung;
  expect(pids).toHaveLength(1);
});

test("the failure names a folder that is missing, or is none", async () => {
  await writeFile(join(dir, "file"), "");
  const folder = join(dir, "missing");
  await expect(spawner.run({ ...command(["version"]), dir: folder })).rejects.toThrow(`${folder} is missing`);
  await expect(spawner.run({ ...command(["version"]), dir: join(dir, "file") })).rejects.toThrow("is not a folder");
});
