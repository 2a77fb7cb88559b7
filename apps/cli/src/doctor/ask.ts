import { spawn } from "node:child_process";

export interface Asked {
  /** Exit code; null: the program was ended by a signal, or could not be started. */
  readonly code: number | null;
  /** The first 64 Ki characters of the output. */
  readonly stdout: string;
  readonly stderr: string;
}

const MOST = 65_536;

/** Run a program until it ends. The signal kills the program and all processes that it started. */
export function ask(
  [program = "", ...args]: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
    readonly signal: AbortSignal;
    readonly input?: string;
  },
): Promise<Asked> {
  const { env, cwd, signal, input = "" } = options;
  return new Promise((resolve, reject) => {
    // A separate process group, because an agent starts other processes.
    const child = spawn(program, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] = (output[name] + text).slice(0, MOST);
      });
    }
    const kill = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // The process has just ended.
      }
    };
    const stop = (): void => {
      kill();
      reject(signal.reason as Error);
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    child.once("error", reject);
    child.once("close", (code) => {
      signal.removeEventListener("abort", stop);
      resolve({ code, ...output });
    });
    child.stdin.on("error", () => undefined); // The program may not read its input.
    child.stdin.end(input);
    return undefined;
  });
}
