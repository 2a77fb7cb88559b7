import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { ProcessPool, ReusableProcess } from "../process/pool.ts";
import { knownAnswerSchema, patternsAnswerSchema } from "./answers.ts";
import { framesTo } from "./framing.ts";
import type { KnownAnswer, PatternsAnswer, ScanRequest } from "./protocol.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const NODE_FLAGS = ["--max-old-space-size=512"];
/** Time limit of a search. The patch is read and searched for known values first, while git writes it; the rest of the time is the patterns'. */
const SCAN_MS = 4 * 60_000;
/** Limit of the characters of one search's answers. */
const MAX_ANSWER = 1_000_000;
/** A process that has done this many searches is replaced. */
const MAX_SEARCHES = 100;
/** So is one whose resident memory has grown to this size in bytes. It has 60 MB after a usual search. */
const MAX_MEMORY = 150 * 1024 * 1024;

/** What a search has found before it ended. Null: that answer is missing or invalid. */
export interface ScannerAnswer {
  readonly known: KnownAnswer | null;
  readonly patterns: PatternsAnswer | null;
  /** Why answers are missing, if any are. */
  readonly broken: string;
  /** Answers are missing because the process ended although tac8 had not killed it. Another process or the kernel may have killed it, or the text makes it crash. */
  readonly hasDied: boolean;
}

export interface Search {
  /** For the patch. Its end starts the search for patterns. */
  readonly input: Writable;
  /** @throws the signal's reason */
  readonly answer: Promise<ScannerAnswer>;
  /** Kill the process. */
  stop(): void;
}

/** The program that searches for secrets. It waits for a request, for as long as its input is open. */
export interface Scanner extends ReusableProcess {
  /** Begin a search, if the process is reusable. `signal` ends it. */
  search(request: ScanRequest, signal: AbortSignal): Search;
}

/** Processes for the searches of all runs. Searches at the same time have separate processes, so a hostile patch delays only its own run. */
export type ScannerPool = Pick<ProcessPool<Scanner>, "take" | "takeNew" | "release">;

/** Scanners that run. None outlives this process, not even during a search. */
const running = new Set<{ kill(signal: "SIGKILL"): boolean }>();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * Start a scanner. It is reusable after a search whose answers were complete and valid; otherwise a hostile text may have broken it.
 * @param program for tests
 */
export function startScanner(program: string = MAIN): Scanner {
  const child = execa(process.execPath, [...NODE_FLAGS, program], {
    stdin: "pipe",
    stderr: "ignore",
    buffer: false,
    // Own session: a terminal's Ctrl-C must not reach it. Own folder: it loads no file of the workspace.
    detached: true,
    cwd: "/",
    extendEnv: false,
    env: {},
    reject: false,
  });
  running.add(child);
  let isReusable = true;
  let searches = 0;
  /** First cause of its end. */
  let cause: "killed" | "died" | null = null;
  const endBy = (by: "killed" | "died") => (): void => {
    cause ??= by;
    isReusable = false;
    child.kill("SIGKILL");
  };
  const kill = endBy("killed");
  /** Called with its output. Output without a search is invalid. */
  let onText: (text: string) => void = kill;
  child.stdin.on("error", endBy("died")); // Git fails then, and the search is stopped, before the process's end is known.
  child.stdout.setEncoding("utf8").on("data", (text: string) => onText(text));
  child.stdout.once("close", endBy("died")); // Before `ended`.
  const ended = child.then(endBy("died")).finally(() => running.delete(child));
  return {
    isReusable: () => isReusable,
    async end() {
      kill();
      await ended;
    },
    search(request, signal) {
      isReusable = false;
      searches += 1;
      let broken = "the search failed";
      const clock = setTimeout(() => {
        broken = `the search took longer than ${SCAN_MS / 1000} s`;
        kill();
      }, SCAN_MS);
      signal.addEventListener("abort", kill, { once: true });
      if (signal.aborted) kill();
      let text = "";
      const answered = Promise.withResolvers<void>();
      onText = (more) => {
        text += more;
        if (text.length > MAX_ANSWER) kill();
        if (text.split("\n").length <= 2) return;
        onText = kill;
        answered.resolve();
      };
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer = Promise.race([answered.promise, ended]).then(() => {
        clearTimeout(clock);
        signal.removeEventListener("abort", kill);
        signal.throwIfAborted();
        const [first, second, ...rest] = text.split("\n").map(parsed);
        const known = knownAnswerSchema.safeParse(first).data ?? null;
        const patterns = patternsAnswerSchema.safeParse(second).data ?? null;
        const isComplete = known !== null && patterns !== null && text.endsWith("\n") && rest.length === 1;
        isReusable = isComplete && cause === null && searches < MAX_SEARCHES && patterns.memory < MAX_MEMORY;
        return { known, patterns, broken, hasDied: patterns === null && cause === "died" };
      });
      answer.catch(() => undefined); // It is waited for after git.
      return { input: framesTo(child.stdin), answer, stop: kill };
    },
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null; // The line is incomplete.
  }
}
