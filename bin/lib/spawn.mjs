// Runs a program of tac8 as a child process that behaves like this process. Runs on Node 18.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { scrubEnviron } from "./environ.mjs";

// A terminal sends these to the whole foreground group, so the child gets them too.
const FROM_TERMINAL = ["SIGINT", "SIGQUIT", "SIGHUP"];
const ALWAYS = ["SIGTERM", "SIGUSR1", "SIGUSR2"];

/**
 * Run Node with the terminal of this process, and set the exit code: the child's, or 128 + n if signal n ended the child.
 * @param {{node: string, args: string[]}} options `args`: the program, then its arguments
 * @returns {Promise<void>} resolved when the child ends
 */
export function spawnNode({ node, args }) {
  const child = spawn(node, args, { stdio: "inherit" });
  dropEnvironment();
  const stopListening = passSignals(child);
  return new Promise((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`tac8: cannot start ${node}: ${error.message}\n`);
      process.exitCode = 1;
      stopListening();
      resolve();
    });
    child.once("exit", (code, signal) => {
      process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
      stopListening();
      resolve();
    });
  });
}

/** Remove the environment from this process. Only the child needs it, and other processes could read its secrets through /proc. */
function dropEnvironment() {
  const names = Object.keys(process.env);
  for (const name of names) delete process.env[name];
  scrubEnviron(names);
}

function passSignals(child) {
  const handlers = [...FROM_TERMINAL, ...ALWAYS].map((signal) => {
    const handler = () => {
      if (!FROM_TERMINAL.includes(signal) || !inForeground()) child.kill(signal);
    };
    process.on(signal, handler);
    return [signal, handler];
  });
  return () => handlers.forEach(([signal, handler]) => process.off(signal, handler));
}

/** Whether this process is in the foreground group of its terminal, which gets Ctrl-C. */
function inForeground() {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // After the name in brackets: state, parent, group, session, terminal, the terminal's foreground group.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return process.stdin.isTTY || process.stdout.isTTY;
  }
}
