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

Each kind of failure has a name. The issue's status comment shows the reason of a failure, and what follows:

- **Retrying**: the failure used one of the issue's \`max_attempts\` attempts. Another attempt starts after a delay.
- **Parked**: the failure used no attempt. The issue waits for a delay, or for the end of a [hold](architecture.md#glossary).
- **Failed**: no attempt is left, or another run cannot help. The issue gets the label \`rpi-failed\` and a second comment.

If the table lists several delays, they apply one after the other, and the last one repeats. \`backoff_factor\` multiplies them. A hold that a failure sets ends automatically, and can be ended earlier with \`tac8 resume NAME\`. Accounts in \`trusted_users\` count as accounts with write access.

The health reasons \`disk\` and \`disk-full\` ([runbook.md](runbook.md#health-reasons)) are about machines, not about runs.`;

const REFUSALS = markdownTable(
  ["GitHub refuses", "What tac8 does"],
  [
    [
      "the content of an issue's commits (a secret, a large file)",
      "uses an attempt: the agent gets the error, and tries again",
    ],
    ["a change of workflows, because of the token", "blocks the issue; a comment describes what to do"],
    [
      "all work in the repository (token, permissions, rule)",
      `holds the repository, and tries again after ${waits("refused")}`,
    ],
    [
      "a push, with an unknown message",
      `holds the repository; fails the issue after ${MAX_GUESSED_REFUSALS} such refusals in a row, unless pushes of other issues are refused too`,
    ],
    ["anything else about one issue", "fails the issue"],
  ],
);

const AFTER = `## Refusals by GitHub

For the failure \`refused\`, the consequence depends on what GitHub refuses:

${REFUSALS}

## Lost runs

If a runner ends during a run, another run starts, and no attempt is used: immediately after a shutdown or when the runner restarts, otherwise after \`coordinator.lock_seconds\`. A run is _lost_ if the runner crashed, was killed, or lost its connection to Redis. An orderly shutdown _requeues_ the run. The issue fails as \`lost\` after:

- ${MAX_LOST_IN_A_ROW} lost runs in a row without progress (no finished tool call, no message of the model, and no change of the workspace)
- ${MAX_UNCHANGED_IN_A_ROW} lost or requeued runs in a row without a change of the workspace
- ${MAX_BROKEN_OFF_IN_A_ROW} lost or requeued runs in a row

If the agent has finished and only publishing is left, each limit is ${MAX_BROKEN_OFF_IN_A_ROW}. Before the issue fails, tac8 saves its work to the branch.

## Which session continues

An attempt resumes the previous attempt's session (the stored conversation), in the same workspace. If that session would fail again, the attempt starts a new session with a note about the earlier work.

## When an agent succeeds

An agent succeeds if its program exits with code 0. Claude Code must also report a result without an error, and have called a tool or written output.

## Runs that fail with the same error

If the last \`breaker_failures\` runs, of at least two issues, fail with the same error, tac8 holds the queue (hold \`breaker\`). After the hold, one job starts as a probe. If the probe ends without this error, all jobs continue. Errors are the same if they have the same kind. For \`startup\`, \`agent\` and \`git\`, their messages must be the same too, apart from ids, numbers, times, sizes, addresses and paths.`;

function whatTac8Does(kind: FailureKind): string {
  const { usesAttempt, hold } = POLICY[kind];
  if (kind === "lost") return "Uses no attempt. Fails the issue.";
  if (kind === "refused") return "Uses no attempt and holds that repository, with [exceptions](#refusals-by-github).";
  if (kind === "untrusted") return "Uses no attempt. Starts nothing, and comments at most once a day for each account.";
  if (kind === "edited") return "Uses no attempt. [Ends the work](security.md#who-may-start-it).";
  if (kind === "unfinished")
    return "Uses an attempt; resumes the session immediately. The second time, or on the last attempt: if only background commands are open, publishes the changes with a note.";
  if (kind === "budget") return "Uses no attempt. Holds the queue until midnight (hold `budget`).";
  if (kind === "no-changes")
    return "Uses an attempt; asks the agent again immediately. The second time, fails the issue.";
  if (usesAttempt) return `Uses an attempt; delay: ${waits(kind)}.`;
  const parts = [`Uses no attempt; continues after ${waits(kind)}${UNTIL[kind] ?? ""}.`];
  if (hold !== undefined) parts.push(`Holds the queue (hold \`${hold}\`).`);
  if (kind === "model")
    parts.push(
      "Then one job starts as a probe. If an issue keeps failing while others succeed, its failures count as `agent`.",
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
