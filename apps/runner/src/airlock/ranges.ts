import { StepFailure } from "@tac8/core/domain/failures";
import { gitStep, localFailure } from "../git/errors.ts";
import { mergeBase } from "../git/openGit.ts";
import type { RunGit } from "../git/executor.ts";
import { gitFromRun } from "../git/gitFromRun.ts";
import { changesBetween, type TreeChange } from "./changes.ts";
import { readStoredCommits, type StoredCommit } from "./storedCommits.ts";

/** Enough for about 400,000 commits. */
const MAX_LIST = 16 * 1024 * 1024;
const LIST_MS = 2 * 60_000;
/** Time for a long history on a small host: without a base, the work cannot be published. */
const BASE_MS = 15 * 60_000;

/**
 * Commits and changes between commits of one repository of the clean side. They cannot change while the repository
 * exists, so git is run once for each result, for the first step that needs it. Revisions are full shas. A failed
 * result is not kept.
 */
export interface Ranges {
  /** Return the merge base; null if the histories have no common commit. @throws StepFailure of kind `git` */
  mergeBase(a: string, b: string): Promise<string | null>;
  /** See `changesBetween`. */
  changes(base: string, head: string): Promise<readonly TreeChange[]>;
  /**
   * List the commits that are reachable from `head` but not from `without`, the newest first, so `head` comes first.
   * Null if there are too many, or if git took too long. @throws StepFailure of kind `git`
   */
  commits(head: string, without: readonly string[]): Promise<readonly string[] | null>;
  /** Read these commits, in the same order. Null also if they are too large. @throws StepFailure of kind `git` */
  storedCommits(head: string, without: readonly string[]): Promise<readonly StoredCommit[] | null>;
}

/** Return the ranges of one repository. @param git in that repository */
export function rangesOf(git: RunGit): Ranges {
  const bases = memo<string | null>();
  const changes = memo<readonly TreeChange[]>();
  const commits = memo<readonly string[] | null>();
  const stored = memo<readonly StoredCommit[] | null>();
  const thin = gitFromRun((args) => git(args, { maxBytes: MAX_LIST, timeoutMs: BASE_MS }));
  const rangeOf = (head: string, without: readonly string[]): string[] => [
    head,
    ...[...new Set(without)].toSorted().map((sha) => `^${sha}`),
  ];
  const ranges: Ranges = {
    mergeBase: (a, b) =>
      bases.ask(`${a} ${b}`, () => gitStep("comparing the commits with the base", () => mergeBase(thin, a, b))),
    changes: (base, head) => changes.ask(`${base} ${head}`, () => changesBetween({ git, base, head })),
    commits(head, without) {
      const range = rangeOf(head, without);
      return commits.ask(range.join(" "), async () => {
        const listed = await listCommits(git, range);
        // A parent of a commit that `head` reaches is what they have in common, so git need not be asked.
        for (const parent of listed?.parents ?? [])
          if (without.includes(parent)) bases.learn(`${parent} ${head}`, parent);
        return listed?.commits ?? null;
      });
    },
    storedCommits: (head, without) =>
      stored.ask(rangeOf(head, without).join(" "), async () => {
        const listed = await ranges.commits(head, without);
        return listed === null ? null : readStoredCommits(git, listed);
      }),
  };
  return ranges;
}

interface Listed {
  readonly commits: readonly string[];
  /** Parents of these commits that are not among them. */
  readonly parents: readonly string[];
}

async function listCommits(git: RunGit, range: readonly string[]): Promise<Listed | null> {
  const args = ["rev-list", "--boundary", "--end-of-options", ...range];
  const { code, bytes, errorText } = await git(args, { maxBytes: MAX_LIST, timeoutMs: LIST_MS });
  if (code === undefined) return null;
  if (code !== 0) throw new StepFailure(localFailure("reading the commits", errorText));
  const lines = bytes
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "");
  return {
    commits: lines.filter((line) => !line.startsWith("-")),
    parents: lines.filter((line) => line.startsWith("-")).map((line) => line.slice(1)),
  };
}

interface Memo<T> {
  ask(key: string, ask: () => Promise<T>): Promise<T>;
  /** An answer that is known from another question. */
  learn(key: string, answer: T): void;
}

function memo<T>(): Memo<T> {
  const known = new Map<string, Promise<T>>();
  return {
    ask(key, ask) {
      const before = known.get(key);
      if (before !== undefined) return before;
      const asked = ask();
      known.set(key, asked);
      asked.catch(() => known.delete(key));
      return asked;
    },
    learn: (key, answer) => void known.set(key, Promise.resolve(answer)),
  };
}
