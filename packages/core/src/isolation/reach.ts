import { execFile } from "node:child_process";
import { z } from "zod";

/** Something that an agent must not reach, and how it would. */
export type Attempt = { readonly what: string } & (
  | { readonly kind: "read" | "list"; readonly path: string }
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "connect"; readonly host: string; readonly port: number }
);

export interface Reached {
  readonly what: string;
  readonly reached: boolean;
  /** Code of the error, such as `ENOENT`. */
  readonly code: string;
}

const LIMIT_MS = 15_000;
const ATTEMPT_MS = 3000;
const answerSchema = z.array(z.object({ what: z.string(), reached: z.boolean(), code: z.string() }));

/** Runs inside, by `node -e`: nothing of tac8 has to be visible there. */
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

/**
 * Make these attempts as an agent would and return which of them succeed. `launch`: what goes before the program, such as a
 * sandbox with its arguments; `env`: of an agent. @throws Error nothing could be started, or it gave no answer
 */
export async function tryToReach(
  attempts: readonly Attempt[],
  {
    launch,
    node,
    env,
  }: { readonly launch: readonly string[]; readonly node: string; readonly env: Readonly<Record<string, string>> },
): Promise<Reached[]> {
  const [program, ...args] = [...launch, node, "-e", SCRIPT, JSON.stringify(attempts)];
  const said = await new Promise<string>((resolve, reject) => {
    const options = { env, cwd: "/", timeout: LIMIT_MS, killSignal: "SIGKILL", maxBuffer: 100_000 } as const;
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr.trim().split("\n")[0]?.slice(0, 200) || error.message.slice(0, 200)));
    });
  });
  return answerSchema.parse(JSON.parse(said));
}
