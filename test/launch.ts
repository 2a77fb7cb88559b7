import { spawn, type ChildProcess } from "node:child_process";
import { compileCache } from "./programs.ts";

export interface Launched {
  readonly child: ChildProcess;
  /** Output of the program so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolve when the output matches; reject if the program exits before. */
  waitForOutput(pattern: RegExp): Promise<void>;
  /** Exit code, after all output was read; null after a signal. */
  readonly ended: Promise<number | null>;
}

interface LaunchOptions {
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Program, with its arguments, that starts the launched program. */
  readonly by?: readonly string[];
}

/** Start a program by its path, with only the given environment. */
export function launch(program: string, { args = [], env, by = [] }: LaunchOptions): Launched {
  const [first = "", ...words] = [...by, process.execPath, program, ...args];
  const child = spawn(first, words, {
    env: { ...compileCache(), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      for (const listener of listeners) listener();
    });
  }
  child.stdin.on("error", () => {}); // The process may have exited already.
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const waitForOutput = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = () => {
        if (pattern.test(output.stdout + output.stderr)) resolve();
      };
      listeners.add(check);
      check();
      void ended.then(() => reject(new Error(`ended without ${String(pattern)}:\n${output.stdout}\n${output.stderr}`)));
    });
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, waitForOutput, ended };
}
