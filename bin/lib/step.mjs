// One step of an installation: a line with its name, its duration and, if it fails, the reason. Runs on Node 18.
import { spawnSync } from "node:child_process";

const HEAD_LINES = 10;
const TAIL_LINES = 20;
const MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Run a program until it ends, without showing its output.
 * @param {{program: string, args: string[], env?: object, cwd?: string, minutes: number}} command
 * @returns {{ok: boolean, problem: string}} `problem`: the first and last lines of the output, and the reason of the failure
 */
export function run({ program, args, env = {}, cwd, minutes }) {
  const result = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    timeout: minutes * 60_000,
    maxBuffer: MAX_OUTPUT,
  });
  if (result.status === 0) return { ok: true, problem: "" };
  const written = shorten(`${result.stdout ?? ""}${result.stderr ?? ""}`.trimEnd().split("\n"));
  return { ok: false, problem: [...written, why(result, minutes)].filter(Boolean).join("\n") };
}

// npm prints the cause first and the advice after it; apt prints them in the opposite order.
function shorten(lines) {
  if (lines.length <= HEAD_LINES + TAIL_LINES) return lines;
  return [...lines.slice(0, HEAD_LINES), "  …", ...lines.slice(-TAIL_LINES)];
}

function why({ error, status, signal }, minutes) {
  if (error?.code === "ETIMEDOUT") return `not done after ${minutes} minutes`;
  if (error) return error.message;
  return signal ? `killed by ${signal}` : `exit code ${status}`;
}

/** Print "what …", run `work`, and print the seconds that it took. Errors are rethrown. */
export function step(what, work) {
  const begin = Date.now();
  process.stdout.write(`${what} … `);
  let end = "failed\n";
  try {
    work();
    end = `${Math.round((Date.now() - begin) / 1000)} s\n`;
  } finally {
    process.stdout.write(end);
  }
}
