import { execFile } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { holdUser, LaunchedProgram } from "./launcher/client.ts";

/** Something that an agent must not reach, and the way in which it could try. */
export type AccessAttempt = { readonly what: string } & (
  | { readonly kind: "read" | "list"; readonly path: string }
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "connect"; readonly host: string; readonly port: number }
);

export interface AccessResult {
  readonly what: string;
  readonly reached: boolean;
  /** Code of the error, such as `ENOENT`. */
  readonly code: string;
}

const LIMIT_MS = 15_000;
const ATTEMPT_MS = 3000;
const answerSchema = z.array(z.object({ what: z.string(), reached: z.boolean(), code: z.string() }));

/** Script that runs inside the isolation, by `node -e`, so that no file of tac8 must be visible there. */
const SCRIPT = `
const { readFileSync, readdirSync } = require("node:fs");
const { connect } = require("node:net");
const attempt = ({ kind, path, host, port }) => new Promise((resolve) => {
  if (kind === "read" || kind === "list") {
    try { kind === "read" ? readFileSync(path) : readdirSync(path); return resolve("ok"); } catch (error) { return resolve(error.code || "error"); }
  }
  const socket = kind === "socket" ? connect(path) : connect(port, host);
  const done = (code) => { socket.destroy(); resolve(code); };
  socket.once("connect", () => done("ok"));
  socket.once("error", (error) => done(error.code || "error"));
  setTimeout(() => done("timeout"), ${ATTEMPT_MS}).unref();
});
(async () => {
  const all = JSON.parse(process.argv[1]);
  const codes = await Promise.all(all.map(attempt));
  console.log(JSON.stringify(all.map(({ what }, at) => ({ what, reached: codes[at] === "ok", code: codes[at] }))));
})();
`;

/** Run a program in the same way as an agent, with this environment, and return its output. @throws Error it was not started, or failed */
export type RunAsAgent = (program: readonly string[], env: Readonly<Record<string, string>>) => Promise<string>;

/** Run programs after a prefix. `launch`: the prefix, such as the program of a sandbox with its arguments. */
export function runBehind(launch: readonly string[]): RunAsAgent {
  return (program, env) =>
    new Promise<string>((resolve, reject) => {
      const [name = "", ...args] = [...launch, ...program];
      const options = { env, cwd: "/", timeout: LIMIT_MS, killSignal: "SIGKILL", maxBuffer: 100_000 } as const;
      execFile(name, args, options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(stderr.trim().split("\n")[0]?.slice(0, 200) || error.message.slice(0, 200)));
      });
    });
}

/** Run programs by the launcher, as a user id that no issue has. */
export function runByLauncher(
  socket: string,
  { uid, lockFile }: { readonly uid: number; readonly lockFile: string },
): RunAsAgent {
  return async (program, env) => {
    const held = await holdUser(socket, { uid, lockFile });
    const late = setTimeout(() => void held.release(), LIMIT_MS);
    try {
      const child = new LaunchedProgram(socket, { uid, groups: [], program, env, cwd: "/" });
      const output = text(child.stdout);
      child.stderr.resume();
      child.stdin.end();
      await once(child, "exit");
      return await output;
    } finally {
      clearTimeout(late);
      await held.release();
    }
  };
}

/** Make these attempts in the same way as an agent, and return which ones succeed. @throws Error the script was not started or had no result */
export async function tryAccess(
  attempts: readonly AccessAttempt[],
  given: { readonly run: RunAsAgent; readonly node: string; readonly env: Readonly<Record<string, string>> },
): Promise<AccessResult[]> {
  const output = await given.run([given.node, "-e", SCRIPT, JSON.stringify(attempts)], given.env);
  return answerSchema.parse(JSON.parse(output));
}
