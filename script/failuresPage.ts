import { markdownTable } from "@tac8/core/config/document";
import { ADVICE, MEANING } from "@tac8/core/domain/failureWords";
import { formatCount } from "@tac8/core/domain/formats";
import { MAX_BROKEN_OFF_IN_A_ROW, MAX_LOST_IN_A_ROW, MAX_UNCHANGED_IN_A_ROW } from "@tac8/core/domain/brokenOff";
import {
  FAILURE_KINDS,
  LONGEST_ANNOUNCED_WAIT_MS,
  MAX_GUESSED_REFUSALS,
  POLICY,
  type FailureKind,
} from "@tac8/core/domain/failures";

/** Return the text of `docs/failures.md`: for each failure kind its meaning, what tac8 does, and what the user can do. */
export function failuresPage(): string {
  const rows = FAILURE_KINDS.map((kind) => [`\`${kind}\``, MEANING[kind], whatTac8Does(kind), ADVICE[kind]]);
  const table = markdownTable(["Failure", "When", "What tac8 does", "What you can do"], rows);
  return `${BEFORE}\n\n${table}\n\n${AFTER}\n`;
}

const HOURS = LONGEST_ANNOUNCED_WAIT_MS / 3_600_000;

const BEFORE = `# How runs fail

<!-- Made from packages/core/src/domain/failures.ts and failureWords.ts by \`npm run docs\`. -->

Each way in which a run can fail has a name, in the table below. \`tac8 status\`, \`tac8 why 471\`, \`tac8 report\` and the board show the name. The issue's status comment shows the reason, and what follows:

- **Retrying**: the failure used one of the issue's \`max_attempts\` attempts. Another attempt starts after a delay. If the table lists several delays, the first one is before the second attempt, and so on. The last one repeats. \`backoff_factor\` multiplies them.
- **Parked**: the failure used no attempt. The issue waits for a delay, or until a hold ends.
- **Failed**: no attempt is left, or another run cannot help. The issue gets the label \`rpi-failed\` and a second comment.

During a _hold_ no new job starts, in the whole queue or in one repository; running agents continue. A hold ends automatically, or with \`tac8 resume NAME\`.

The health reasons \`disk\` and \`disk-full\` ([runbook.md](runbook.md#health-reasons)) are not failures of a run: they are about the free space of machines.

Below, accounts in \`github.trusted_users\` count as accounts with write access.`;

const REFUSALS = markdownTable(
  ["GitHub refuses", "What tac8 does"],
  [
    ["the content of an issue's commits (a secret, a large file)", "gives the error to the agent, which tries again"],
    ["a change of workflows, because of the token", "blocks the issue; a comment describes what to do"],
    [
      "all work in the repository (token, permissions, rule)",
      `uses no attempt, holds the repository, and tries again after ${waits("refused")}`,
    ],
    [
      "a push, with a message that tac8 does not know",
      `does the same as above; if this happens ${MAX_GUESSED_REFUSALS} times in a row to one issue only, the issue fails and the hold ends`,
    ],
    ["anything else about one issue", "fails the issue without another agent run"],
  ],
);

const AFTER = `## Refusals by GitHub

For the failure \`refused\`, the consequence depends on what GitHub refuses:

${REFUSALS}

## Lost runs

A run that ended because its runner ended is repeated immediately. There are two kinds: a lost run (the runner crashed, was killed, or lost its connection to Redis), and a run that an orderly shutdown requeued. The issue fails with the failure \`lost\` after one of these:

- ${MAX_LOST_IN_A_ROW} lost runs in a row without any progress: no finished tool call, no message of the model, and no change of the workspace. An orderly shutdown does not count here;
- ${MAX_UNCHANGED_IN_A_ROW} runs of either kind in a row without a change of the workspace;
- ${MAX_BROKEN_OFF_IN_A_ROW} runs of either kind in a row.

If finished work only has to be published, each of these limits is ${MAX_BROKEN_OFF_IN_A_ROW}.

Before the issue fails, its work is saved to the branch.

## Which session continues

An attempt resumes the session (the stored conversation) of the previous attempt, in the same workspace. It starts a new session if the same one would fail again: the model refused to answer, the request was invalid (400) or too long, an image or the tool calls could not be read, or the run had no output and no tool call. The new session gets the whole issue and a note about the earlier work.

## When an agent succeeds

Claude Code succeeds if it exits with code 0 and a result that is not an error, and called a tool or wrote output in this run. Another program (\`provider = "command"\`) succeeds if it exits with code 0. The run can still fail after that, for example with \`no-changes\` or \`refused\`.

## Runs that fail with the same error

When the last \`breaker_failures\` runs, of at least two issues, fail with the same error, tac8 holds the queue (hold \`breaker\`). When this hold ends, one job starts as a probe. All jobs continue when the probe ends without this error. Two errors are the same if their kind is the same. For \`startup\`, \`agent\` and \`git\`, the message must be the same too, apart from ids, numbers, times, sizes, addresses and paths.`;

function whatTac8Does(kind: FailureKind): string {
  const { usesAttempt, hold } = POLICY[kind];
  if (kind === "lost")
    return "Uses no attempt, and starts another run immediately. After [too many in a row](#lost-runs), fails the issue.";
  if (kind === "refused")
    return "Uses no attempt and holds that repository, or fails the issue: [cases](#refusals-by-github).";
  if (kind === "untrusted") return "Uses no attempt: starts nothing, and comments at most once a day for each account.";
  if (kind === "edited")
    return "Uses no attempt: ends the work, and keeps finished work in the workspace. [Details](security.md#who-may-start-it).";
  if (kind === "unfinished")
    return "Uses an attempt; resumes the session immediately. If only background commands are left running, for the second time or on the last attempt, the work becomes a pull request with a note; without any change, the issue fails.";
  if (kind === "budget") return "Uses no attempt; holds the queue until midnight (hold `budget`).";
  if (kind === "no-changes")
    return "Uses an attempt; asks the agent again immediately. The second time fails the issue.";
  if (usesAttempt) return `Uses an attempt; delay: ${waits(kind)}.`;
  const parts = [`Uses no attempt; continues after ${waits(kind)}${UNTIL[kind] ?? ""}.`];
  if (hold !== undefined) parts.push(`Holds the queue (hold \`${hold}\`).`);
  if (kind === "model")
    parts.push(
      "After each delay one job starts as a probe; when the model responds to it, all jobs continue. If an issue keeps failing while others succeed, its further failures count as `agent`.",
    );
  return parts.join(" ");
}

const REPORTED = `, or at the announced time (${HOURS} hours at most)`;
const UNTIL: Partial<Record<FailureKind, string>> = { "usage-limit": REPORTED, github: REPORTED };

function waits(kind: FailureKind): string {
  return delaysAsText(POLICY[kind].minutes);
}

/** Format delays: `1, 2, then 4 minutes`; `30, 60 minutes, then 1 day`. */
export function delaysAsText(minutes: readonly number[]): string {
  const delays = minutes.map(inUnits);
  const texts = delays.map(({ count, unit }, index) =>
    delays[index + 1]?.unit === unit ? String(count) : formatCount(count, unit),
  );
  const last = texts.pop() ?? "";
  return texts.length === 0 ? last : `${texts.join(", ")}, then ${last}`;
}

/** Return a delay in days or hours if it is longer than an hour and a whole number of them, otherwise in minutes. */
function inUnits(minutes: number): { readonly count: number; readonly unit: string } {
  if (minutes > 0 && minutes % 1440 === 0) return { count: minutes / 1440, unit: "day" };
  if (minutes > 60 && minutes % 60 === 0) return { count: minutes / 60, unit: "hour" };
  return { count: minutes, unit: "minute" };
}
