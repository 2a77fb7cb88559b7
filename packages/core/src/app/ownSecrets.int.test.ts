import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { expect, test } from "vitest";
import { passSecrets } from "./ownSecrets.ts";

const CANARY = "canary-12345678901234567890";
const MODULE = new URL("ownSecrets.ts", import.meta.url).href;
/** Takes its secrets, says what it has and what its child inherits, and waits for the end of its input. */
const PROGRAM = `
  import { execFileSync } from "node:child_process";
  const { removeSecrets } = await import(${JSON.stringify(MODULE)});
  process.title = "tac8 test";
  const taken = removeSecrets(process.env);
  const child = execFileSync("sh", ["-c", "env; ls -l /proc/self/fd"], { encoding: "utf8" });
  const { shown, env } = taken;
  console.log(JSON.stringify({ shown, token: env.GITHUB_TOKEN, last: env.LAST, own: { ...process.env }, child }));
  process.stdin.resume();
`;

interface ChildReport {
  readonly shown: boolean;
  readonly token?: string;
  readonly last: string;
  readonly own: Readonly<Record<string, string>>;
  readonly child: string;
}

async function run(env: Readonly<Record<string, string>>, input: string | null) {
  const args = ["--no-warnings", "--input-type=module", "-e", PROGRAM];
  const child = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "inherit", "pipe"] });
  const socket = child.stdio[3] as NodeJS.WritableStream;
  socket.end(input ?? "");
  const before = readFileSync(`/proc/${child.pid}/environ`, "latin1");
  const [line] = (await once(createInterface({ input: child.stdout as Readable }), "line")) as [string];
  const environ = readFileSync(`/proc/${child.pid}/environ`, "latin1");
  child.stdin?.end();
  await once(child, "exit");
  return { before, environ, ...(JSON.parse(line) as ChildReport) };
}

const ENV = { PATH: process.env["PATH"] ?? "", FIRST: "1", GITHUB_TOKEN: CANARY, GH_TOKEN: CANARY, LAST: "ünï=code" };

test("what a process began with is not in /proc any more, nor in its children; the rest is as it was", async () => {
  const { before, environ, shown, token, last, own, child } = await run(ENV, null);
  expect(before, "the search finds it where it is").toContain(CANARY);
  expect(environ).not.toContain(CANARY);
  expect(environ).toContain("FIRST=1\0");
  expect([shown, token, last]).toEqual([false, CANARY, ENV.LAST]);
  expect(own).toMatchObject({ FIRST: "1", LAST: ENV.LAST });
  expect(JSON.stringify(own) + child).not.toContain(CANARY);
});

test("what tac8 up hands over is read once, and no child has the descriptor", async () => {
  const { env, input } = passSecrets(ENV);
  const { before, environ, token, own, child } = await run(env, input);
  expect(before + environ + child + JSON.stringify(own)).not.toContain(CANARY);
  expect(token).toBe(CANARY);
  expect(own).not.toHaveProperty("TAC8_SECRETS_FD");
  expect(child).not.toMatch(/ 3 -> socket:/);
});

test("a descriptor that gives nothing is as no secret", async () => {
  const { env } = passSecrets(ENV);
  expect(await run(env, null)).toMatchObject({ shown: false });
  expect((await run(env, null)).token).toBeUndefined();
});
