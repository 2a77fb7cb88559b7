import { spawn } from "node:child_process";

export interface Asked {
  /** Null: it was ended by a signal, or could not be started. */
  readonly code: number | null;
  /** The beginning of what it wrote, at most 64 Ki characters each. */
  readonly stdout: string;
  readonly stderr: string;
}

const MOST = 65_536;

/** Runs a program to its end; the signal kills it and whatever it started. */
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
    // A group of its own: an agent has helpers.
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
        // It has just ended.
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
    child.stdin.on("error", () => undefined); // It does not want to hear it.
    child.stdin.end(input);
    return undefined;
  });
}
