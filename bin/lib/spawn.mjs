// Runs apps/cli as a child that behaves as if it were this process. Runs on Node 18.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";

// A terminal sends these to the whole foreground group, so the child has them already.
const FROM_TERMINAL = ["SIGINT", "SIGQUIT", "SIGHUP"];
const ALWAYS = ["SIGTERM", "SIGUSR1", "SIGUSR2"];
// npm repeats SIGINT and SIGTERM for us: the same signal again within this time is the same wish.
const SAME_MS = 300;

/**
 * Runs the command line of tac8 with this process' terminal, and sets the exit code: the child's, or 128 + n when it
 * was ended by signal n. Signals are passed on once; a second Ctrl-C reaches the child as a second one.
 * @param {{root: string, node: string, args: string[]}} options
 * @returns {Promise<void>} resolved when the child is gone
 */
export function launch({ root, node, args }) {
  const main = join(root, "apps", "cli", "src", "main.ts");
  const path = [dirname(node), process.env.PATH].filter(Boolean).join(delimiter);
  // Node 24 still calls running TypeScript experimental; that is of no use to people.
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", main, ...args], {
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  const stopListening = passSignals(child);
  return new Promise((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`tac8 cannot be started with ${node}: ${error.message}\n`);
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

function passSignals(child) {
  const isRepeat = createRepeats(SAME_MS);
  const handlers = [...FROM_TERMINAL, ...ALWAYS].map((signal) => {
    const handler = () => {
      if (isRepeat(signal, Date.now()) || (FROM_TERMINAL.includes(signal) && inForeground())) return;
      child.kill(signal);
    };
    process.on(signal, handler);
    return [signal, handler];
  });
  return () => handlers.forEach(([signal, handler]) => process.off(signal, handler));
}

/** @returns {(signal: string, now: number) => boolean} whether the same signal came less than `sameMs` ago */
export function createRepeats(sameMs) {
  const last = new Map();
  return (signal, now) => {
    const before = last.get(signal) ?? -Infinity;
    last.set(signal, now);
    return now - before < sameMs;
  };
}

/** Whether this process belongs to its terminal's foreground group, the one that Ctrl-C goes to. */
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
