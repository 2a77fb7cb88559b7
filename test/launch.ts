import { spawn, type ChildProcess } from "node:child_process";
import { compileCache } from "./programs.ts";

export interface Launched {
  readonly child: ChildProcess;
  /** Everything that it wrote, so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when the output matches; rejects when it ends before. */
  says(pattern: RegExp): Promise<void>;
  /** The exit code, when all its output is here; null after a signal. */
  readonly ended: Promise<number | null>;
}

interface LaunchOptions {
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The program that starts it, with its arguments. */
  readonly by?: readonly string[];
}

/** Starts one program, a path, with only the given environment. */
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
  const says = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = () => {
        if (pattern.test(output.stdout + output.stderr)) resolve();
      };
      listeners.add(check);
      check();
      void ended.then(() => reject(new Error(`ended without ${String(pattern)}:\n${output.stdout}\n${output.stderr}`)));
    });
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, says, ended };
}
