import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { EarlyProcess } from "../process/early.ts";
import type { ScanRequest } from "./protocol.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const NODE_FLAGS = ["--max-old-space-size=512"];
/** Time limit of a search. The patch is read and searched for known values first, while git writes it; the rest of the time is the patterns'. */
const SCAN_MS = 4 * 60_000;
const MAX_ANSWER = 1_000_000;

/** What a search has written before it ended. */
export interface ScannerAnswer {
  readonly stdout: string;
  /** Why lines are missing, if any are. */
  readonly broken: string;
}

export interface Search {
  /** For the patch. */
  readonly input: Writable;
  /** @throws the signal's reason */
  readonly answer: Promise<ScannerAnswer>;
  stop(): void;
}

/** The program that searches for secrets. It waits for a request, for as long as its input is open. */
export interface Scanner extends EarlyProcess {
  /** Begin the search. Call this once. `signal` ends it. */
  search(request: ScanRequest, signal: AbortSignal): Search;
}

/** Start the scanner. Half of its time for a usual issue is the start. */
export function startScanner(): Scanner {
  const child = execa(process.execPath, [...NODE_FLAGS, MAIN], {
    stdin: "pipe",
    extendEnv: false,
    env: {},
    forceKillAfterDelay: 1000,
    maxBuffer: MAX_ANSWER,
    reject: false,
  });
  child.stdin.on("error", () => undefined); // It has died: its answer says so.
  let isOver = false;
  const ended = child.then(({ stdout }) => {
    isOver = true;
    return stdout;
  });
  return {
    isAlive: () => !isOver,
    async end() {
      child.kill("SIGKILL");
      await ended;
    },
    search(request, signal) {
      let timedOut = false;
      const stop = (): void => void child.kill();
      const clock = setTimeout(() => {
        timedOut = true;
        stop();
      }, SCAN_MS);
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer = ended.then((stdout) => {
        clearTimeout(clock);
        signal.removeEventListener("abort", stop);
        signal.throwIfAborted();
        return { stdout, broken: timedOut ? `the search took longer than ${SCAN_MS / 1000} s` : "the search failed" };
      });
      answer.catch(() => undefined); // It is waited for after git.
      return { input: child.stdin, answer, stop };
    },
  };
}
