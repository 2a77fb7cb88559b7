import { join } from "node:path";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import type { Sections } from "./config.ts";
import { LABEL, OWNER, REPO, type BenchStage } from "./stage.ts";

export const AGENT = join(import.meta.dirname, "../programs/agent.sh");

/** Script of an agent that makes one commit within milliseconds. */
export const COMMAND_AGENT: Sections = {
  llm: { provider: "command", command_template: ["sh", AGENT, "{prompt_file}"] },
  agent: { env: ["TAC8_BENCH_WITNESS", "TAC8_BENCH_GIT"] },
};

const DONE = "rpi-done";
const MINUTE_MS = 60_000;

/** Open issues, by default with the label. @returns their numbers */
export function openIssues(
  github: LocalGitHub,
  count: number,
  { repo = REPO, labels = [LABEL] }: { readonly repo?: string; readonly labels?: readonly string[] } = {},
): number[] {
  return Array.from({ length: count }, (_, index) => {
    const title = `Improve part ${index + 1}`;
    return github.openIssue({ repo, title, body: "Please.", labels, author: OWNER }).number;
  });
}

export interface Issues {
  readonly stage: Pick<BenchStage, "github">;
  readonly numbers: readonly number[];
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

/** Wait until each issue on GitHub has its end label and no trigger label. @throws Error after a time limit */
export async function waitForEndLabels({
  stage: { github },
  numbers,
  signal,
  timeoutMs = 5 * MINUTE_MS,
}: Issues): Promise<void> {
  const open = new Set(numbers);
  const done = Promise.withResolvers<void>();
  const stop = github.onRequest(({ method, path }) => {
    const number = Number(/\/issues\/(\d+)(\/|$)/.exec(path)?.[1] ?? 0);
    if (method === "GET" || !open.has(number)) return;
    const { labels } = github.issue(REPO, number);
    if (labels.includes("rpi-failed")) done.reject(new Error(`issue ${number} ended without a pull request`));
    if (!labels.includes(DONE) || labels.includes(LABEL)) return;
    open.delete(number);
    if (open.size === 0) done.resolve();
  });
  const onAbort = () => done.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const late = setTimeout(() => done.reject(new Error(`timed out: issues ${[...open].join(", ")}`)), timeoutMs);
  try {
    signal.throwIfAborted();
    await done.promise;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", onAbort);
    stop();
  }
}
