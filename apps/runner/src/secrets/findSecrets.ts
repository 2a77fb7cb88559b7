import { createHash } from "node:crypto";
import { StepFailure } from "@tac8/core/domain/failures";
import { addedSecrets } from "@tac8/core/log/redact";
import { localFailure } from "../git/errors.ts";
import type { Ranges } from "../airlock/ranges.ts";
import { MAX_COMMIT_BYTES, type StoredCommit } from "../airlock/storedCommits.ts";
import type { RunGit } from "../git/executor.ts";
import { MAX_FINDINGS, type Finding, type NamedText, type Result } from "./protocol.ts";
import type { Scanner, ScannerAnswer, ScannerPool, Search } from "./scanner.ts";

const GIT_MS = 2 * 60_000;
const MAX_ANSWER = 1_000_000;
/** A value with this many characters is in no text by chance. */
const STRONG = 20;
const COMMITS = "a commit's message or author";

export interface SecretsOptions {
  /** Git in a repository of the clean side. */
  readonly git: RunGit;
  /** Ranges of that repository. */
  readonly ranges: Pick<Ranges, "storedCommits">;
  /** Commits that GitHub has. All commits that they do not reach are about to be published. */
  readonly published: readonly string[];
  readonly head: string;
  /** Other texts that are published with the commits. */
  readonly texts: readonly NamedText[];
  /** Values that must not be published: the secrets of this installation. The secrets that this process got since its start are added. */
  readonly values: readonly string[];
  readonly scanners: ScannerPool;
  readonly signal: AbortSignal;
}

export interface Searched extends Result {
  /** Why the search for patterns is missing: too much text, or it took too long. Null if they were searched. */
  readonly unchecked: string | null;
}

/** Result of a search. `unsearched` says why not even the values of this installation were searched for. */
export type SecretsResult = Searched | { readonly unsearched: string };

/**
 * Search commits and other texts for secrets. Values of this installation are searched for in any amount of text, patterns only up to
 * a limit. @throws StepFailure of kind `git`
 */
export async function findSecrets(options: SecretsOptions): Promise<SecretsResult> {
  const { git, ranges, published, head, texts, values, scanners, signal } = options;
  const range = [head, ...published.map((sha) => `^${sha}`)];
  const commits = await ranges.storedCommits(head, published);
  if (commits === null) {
    return {
      unsearched: `the commits' messages are larger than ${MAX_COMMIT_BYTES >> 20} MB, or took too long to read`,
    };
  }
  // `--text` also shows the content of files with the attribute binary.
  const args = ["-c", "core.quotePath=false", "log", "--cc", "--patch", "--text", "--no-color", "--unified=0"];
  const plain = [
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--format=commit %H",
  ];
  const all = [{ name: COMMITS, text: textOf(commits) }, ...texts];
  signal.throwIfAborted();
  return searchWith(scanners, async (scanner) => {
    const search = begin(scanner, { texts: all, values, signal });
    const options = { output: search.input, maxBytes: MAX_ANSWER, timeoutMs: GIT_MS };
    const patch = await git([...args, ...plain, "--end-of-options", ...range], options).catch((error: unknown) => {
      search.stop();
      throw error;
    });
    if (patch.code !== 0) search.stop();
    const answer = await search.answer;
    if (patch.code === 0) return answer;
    // No part of the changes counts as all of them. If the scanner died, git failed because of that.
    if (answer.hasDied) return { ...answer, known: null };
    if (patch.code !== undefined) throw readFailure(patch.errorText);
    const broken = "reading the changes took too long or was interrupted";
    return { ...answer, known: null, broken, isInterrupted: true };
  });
}

/** Search only texts for secrets. */
export async function findInTexts({
  texts,
  values,
  scanners,
  signal,
}: Pick<SecretsOptions, "texts" | "values" | "scanners" | "signal">): Promise<SecretsResult> {
  signal.throwIfAborted();
  return searchWith(scanners, (scanner) => {
    const search = begin(scanner, { texts, values, signal });
    search.input.on("error", () => undefined).end(); // The scanner has died: its answer says so.
    return search.answer;
  });
}

interface Attempt extends ScannerAnswer {
  /** Git, which writes the changes, was killed, or took too long. */
  readonly isInterrupted?: boolean;
}

/**
 * Search with a scanner of the pool. If it dies or git is interrupted, search again in a new process, once: they may have been killed by the
 * kernel or by another program, which says nothing about the text. A text that makes the scanner crash ends the new one too, and stays
 * unsearched.
 */
async function searchWith(
  scanners: ScannerPool,
  search: (scanner: Scanner) => Promise<Attempt>,
): Promise<SecretsResult> {
  const searchIn = async (scanner: Scanner): Promise<Attempt> => {
    try {
      return await search(scanner);
    } finally {
      await scanners.release(scanner); // Only the result of the search decides whether it can be used again, also after an error here.
    }
  };
  const answer = await searchIn(scanners.take());
  const isUndecided = answer.hasDied || answer.isInterrupted === true;
  return resultOf(isUndecided ? await searchIn(scanners.takeNew()) : answer);
}

/** Return the text of the stored commits, because GitHub gets all of their headers, and also text after a zero byte. */
function textOf(commits: readonly StoredCommit[]): string {
  return commits.map(({ content }) => `commit\n${content.toString("utf8")}\n`).join("");
}

function readFailure(errorText: string): StepFailure {
  return new StepFailure(localFailure("reading the commits", errorText));
}

function begin(
  scanner: Scanner,
  { texts, values, signal }: Pick<SecretsOptions, "texts" | "values" | "signal">,
): Search {
  const known = [...new Set([...values, ...addedSecrets()])].map((value) => ({
    value,
    isStrong: value.length >= STRONG,
  }));
  // Made only from the configuration: new tokens replace each other every hour, but an allowance is valid for longer.
  const salt = createHash("sha256").update(JSON.stringify(values.toSorted())).digest("hex");
  return scanner.search({ known, texts, salt }, signal);
}

function resultOf({ known, patterns: others, broken }: ScannerAnswer): SecretsResult {
  if (known === null) return { unsearched: broken };
  if (others === null) return { ...both(known.known, null), unchecked: broken };
  const unchecked = others.patterns === null ? "the text is too long" : null;
  return { ...both(known.known, others.patterns), unchecked };
}

/** Join two results, with the findings of known values first. */
function both({ findings, count, digest }: Result, others: Result | null): Result {
  const all: Finding[] = [...findings, ...(others?.findings ?? [])];
  return {
    findings: all.toSorted((a, b) => Number(b.isCertain) - Number(a.isCertain)).slice(0, MAX_FINDINGS),
    count: count + (others?.count ?? 0),
    digest: createHash("sha256")
      .update(`${digest} ${others?.digest ?? ""}`)
      .digest("hex"),
  };
}
