import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ProcessPool, ReusableProcess } from "../process/pool.ts";
import { startReusableChild } from "../process/reusableChild.ts";
import { knownAnswerSchema, patternsAnswerSchema } from "./answers.ts";
import { framesTo } from "./framing.ts";
import type { KnownAnswer, PatternsAnswer, ScanRequest } from "./protocol.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const NODE_FLAGS = ["--max-old-space-size=512"];
/** Time limit of a search. The patch is read and searched for known values first, while git writes it; the rest of the time is the patterns'. */
const SCAN_MS = 4 * 60_000;
/** A process has 60 MB after a usual search. */
const LIMITS = { uses: 100, memory: 150 * 1024 * 1024, output: 1_000_000 };

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

/**
 * Start a scanner. It is reusable after a search whose answers were complete and valid; otherwise a hostile text may have broken it.
 * @param program for tests
 * @throws Error if this machine has no descriptors or memory left for it
 */
export function startScanner(program: string = MAIN): Scanner {
  const child = startReusableChild({
    name: "the search for secrets",
    args: [...NODE_FLAGS, program],
    env: {},
    limits: LIMITS,
  });
  return {
    isReusable: () => child.isReusable(),
    end: () => child.end(),
    search(request, signal) {
      let broken = "the search failed";
      let known: KnownAnswer | null = null;
      let patterns: PatternsAnswer | null = null;
      const clock = setTimeout(() => {
        broken = `the search took longer than ${SCAN_MS / 1000} s`;
        child.kill();
      }, SCAN_MS);
      signal.addEventListener("abort", child.kill, { once: true });
      if (signal.aborted) child.kill();
      const ended = child.use(request, (message) => {
        if (known === null) {
          known = knownAnswerSchema.safeParse(message).data ?? null;
          if (known === null) child.kill();
          return;
        }
        patterns = patternsAnswerSchema.safeParse(message).data ?? null;
        if (patterns === null) child.kill();
        else child.finish(patterns.memory);
      });
      const answer = ended.then((end) => {
        clearTimeout(clock);
        signal.removeEventListener("abort", child.kill);
        signal.throwIfAborted();
        return { known, patterns, broken, hasDied: end?.hasDied ?? false };
      });
      answer.catch(() => undefined); // It is waited for after git.
      return { input: framesTo(child.stdin), answer, stop: child.kill };
    },
  };
}
