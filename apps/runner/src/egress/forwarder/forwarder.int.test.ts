import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Readable, Writable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createEgressBench, type EgressBench } from "../testing/egressBench.ts";
import { freePort } from "../testing/freePort.ts";
import { runInside } from "../testing/inside.ts";
import { FORWARDER, forwarderCommand } from "./command.ts";

let bench: EgressBench;
let child: ChildProcess | null = null;

beforeEach(async () => (bench = await createEgressBench()));
afterEach(async () => {
  child?.kill("SIGKILL");
  child = null;
  await bench.close();
});

/** Start a program behind a forwarder without a network, with descriptors 3 and 4 open. */
function start(program: readonly string[]): {
  out: Readable;
  words: Writable;
  ended: Promise<[number | null, string | null]>;
} {
  const command = forwarderCommand({ node: process.execPath, file: FORWARDER, way: null, wordsFd: 4, program });
  const [name = "", ...args] = command;
  const started = spawn(name, args, { stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"] });
  child = started;
  const ended = once(started, "close") as Promise<[number | null, string | null]>;
  return { out: started.stdout as Readable, words: started.stdio[4] as Writable, ended };
}

test("the forwarder ends like the program: with its exit code or signal", async () => {
  expect(await start(["sh", "-c", "exit 7"]).ended).toEqual([7, null]);
  expect(await start(["sh", "-c", "kill -KILL $$"]).ended).toEqual([null, "SIGKILL"]);
  expect(await start(["sh", "-c", "kill -TERM $$"]).ended).toEqual([null, "SIGTERM"]);
  expect(await start(["/no/such/program"]).ended).toEqual([127, null]);
});

test("the word term ends the program by SIGTERM; the end of the pipe does nothing", async () => {
  const first = start(["sh", "-c", "trap 'echo termed; exit 3' TERM; echo ready; while :; do sleep 0.05; done"]);
  await once(first.out, "data");
  const reply = text(first.out);
  first.words.write("other\nte");
  first.words.write("rm\n");
  expect(await first.ended).toEqual([3, null]);
  expect(await reply).toContain("termed");

  const second = start(["sh", "-c", "echo ready; read line; echo continues"]);
  second.words.end();
  expect(await text(second.out)).toBe("ready\ncontinues\n");
});

test("the program has only the descriptors 0, 1 and 2, and its own process group", async () => {
  const { out } = start(["sh", "-c", "ls /proc/self/fd; kill -TERM 0; sleep 5"]);
  // The last descriptor is the folder that ls reads.
  expect((await text(out)).split(/\s+/).filter((fd) => /^\d$/.test(fd))).toEqual(["0", "1", "2", "3"]);
});

const hasBubblewrap =
  spawnSync("bwrap", ["--ro-bind", "/", "/", "--unshare-net", "true"], { stdio: "ignore" }).status === 0;
if (!hasBubblewrap)
  process.stderr.write("skipped: the forwarder in a network namespace, because bwrap does not work here\n");

test.skipIf(!hasBubblewrap)("in a namespace that has only loopback, the proxy is the only way out", async () => {
  const server = await bench.serve((_, response) => response.end("outside"));
  const folder = join(bench.dir, "run0");
  const port = await freePort();
  const egress = await bench.open({ port, allow: [`127.0.0.1:${server}`], env: { PATH: process.env["PATH"] ?? "" } });
  const mounts = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--ro-bind", folder, folder];
  const wrapped = (command: readonly string[]): readonly string[] => [
    "bwrap",
    ...mounts,
    "--unshare-all",
    "--die-with-parent",
    "--",
    ...command,
  ];
  const inside = (program: readonly string[]) =>
    runInside(program, { folder, port, env: egress.env, cwd: "/", wrapped });
  const url = `http://127.0.0.1:${server}/`;
  expect(await inside(["curl", "-sS", "--noproxy", "", "-x", `http://127.0.0.1:${port}`, url])).toMatchObject({
    code: 0,
    stdout: "outside",
  });
  expect((await inside(["curl", "-sS", "--noproxy", "*", url])).code).toBe(7);
  expect((await inside(["curl", "-sS", "http://evil.example/"])).stdout).toContain("may not connect to evil.example");
});
