import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseMarker } from "@tac8/core/domain/marker";
import { eventPages } from "@tac8/core/state/eventPages";
import { readHolds } from "@tac8/core/state/holds";
import { LABEL, OWNER, REPO } from "../names.ts";
import type { Life } from "./app.ts";
import type { SoakIssues, SoakIssue } from "./soakIssues.ts";
import { lostCommits, overwritten } from "./commits.ts";
import type { LandedFault } from "./inject.ts";
import { defectsIn } from "../defects.ts";
import { evaluate, type OnGitHub } from "./evaluate.ts";
import { lockedJobs, leftFiles, slowExits, liveAgents, zombies } from "./leftovers.ts";
import { quarantines, type Action } from "./actions.ts";
import type { SoakServices } from "./stage.ts";
import { readWitness, type AgentNotes } from "./witness.ts";

export interface Inspection {
  /** Problems, one line each; empty if there are none. */
  readonly findings: readonly string[];
  readonly opened: readonly SoakIssue[];
  readonly notes: AgentNotes;
  readonly totals: Readonly<Record<string, number>>;
  /** Processes of the runners. */
  readonly lives: readonly (Life & { readonly name: string })[];
}

const LIVE_JOBS = ["active", "waiting", "prioritized", "delayed", "waiting-children"] as const;
const QUIET_MS = 10_000;
/** Time limit for the exit of a runner. A runner that takes longer has an open timer or connection. */
const CLOSE_MS = 10_000;
/** Maximum growth of a runner's memory in MB; an agent's 50 MB of output pass through it. */
const MAX_GROWTH_MB = 250;

/** End the soak's processes, and check the remaining state with witnesses outside of tac8. */
export async function inspect(given: {
  readonly stage: SoakServices;
  readonly issues: SoakIssues;
  readonly landed: readonly LandedFault[];
  readonly actions: readonly Action[];
}): Promise<Inspection> {
  const { stage, issues, landed, actions } = given;
  const { opened } = issues;
  const findings: string[] = [];
  const jobs = await liveJobs(stage);
  const holds = await liveHolds(stage);
  const apps = [stage.scheduler, ...stage.runners];
  const dead = zombies([process.pid, ...apps.map(({ pid }) => pid)]);
  const waiting = issues.live.map(
    ({ number, behaviour, state }) => `#${number} (${behaviour}) is still ${state?.state}`,
  );
  await Promise.all(
    apps.map(async (app) => {
      const inTime = await app.end("SIGTERM", CLOSE_MS);
      const code = app.lives.at(-1)?.end?.code;
      if (!inTime || code !== 0) findings.push(`${app.name} closed with ${String(code)}, in time: ${inTime}`);
    }),
  );
  const left = liveAgents(stage.home, stage.witness);
  const quarantined = new Set(actions.filter(quarantines).map(({ issue }) => issue));
  const files = await leftFiles(stage.home, opened, quarantined);
  const locks = await lockedJobs(stage.redis);
  const open: string[] = [];
  for (const { name, logFile, lives } of stage.runners) {
    open.push(...slowExits(name, await readFile(logFile, "utf8"), lives));
  }
  const notes = await readWitness(stage.witness);
  const cases = opened.map((issue) => ({
    issue,
    there: readGitHub(stage, issue.number),
    notes,
    landed,
    actions: actions.filter((action) => action.issue === issue.number),
    label: LABEL,
  }));
  const evaluations = cases.map(evaluate);
  const finished = opened.filter(({ number, state }) => state?.state === "pr" && !quarantined.has(number));
  const lost = await lostCommits(stage, notes.commits, {
    moved: new Set(actions.map(({ issue }) => issue)),
    finished: new Set(finished.map(({ number }) => number)),
  });
  const trampled = await overwritten(stage, actions);
  const forced = stage.github.pushes.filter((push) => push.forced);
  const strangers = strayBranches(stage, opened);
  const lives = stage.runners.flatMap((runner) => runner.lives.map((life) => ({ ...life, name: runner.name })));
  const grown = lives.filter(({ memory }) => (memory.at(-1) ?? 0) - (memory[2] ?? Infinity) > MAX_GROWTH_MB);
  const defects: string[] = [];
  for await (const page of eventPages(stage.redis)) defects.push(...defectsIn(page));
  await stage.close();
  const sum = (pick: (there: OnGitHub) => number) => cases.reduce((total, { there }) => total + pick(there), 0);
  return {
    findings: [
      ...waiting,
      ...evaluations.flatMap((evaluation) => evaluation.findings),
      ...defects,
      ...trampled.map(({ kind, sha, branch }) => `${kind}: commit ${sha} is no longer on ${branch}`),
      ...forced.map(({ ref, before, after }) => `${ref} was forced from ${before} to ${after}`),
      ...lost.map(({ sha, issue }) => `commit ${sha} of #${issue} is not where it has to be`),
      ...[...jobs, ...holds, ...locks, ...open, ...dead, ...left, ...files, ...strangers].map(
        (what) => `left: ${what}`,
      ),
      ...grown.map(({ name, memory }) => `${name} grew from ${memory[2]} to ${memory.at(-1)} MB`),
      ...findings,
    ],
    opened,
    notes,
    lives,
    totals: {
      "pull requests": sum(({ pulls }) => pulls.length),
      branches: sum(({ branches }) => branches.length),
      "status comments": sum(({ comments }) => comments.status),
      "question comments": sum(({ comments }) => comments.question),
      "failure comments": sum(({ comments }) => comments.failure),
      pushes: stage.github.pushes.length,
      "agents started": notes.starts.length,
      "agents that finished": notes.finishes.filter(({ how }) => how === "success").length,
      "agents asked again between their end and its checkpoint": evaluations.reduce(
        (n, { askedAgain }) => n + askedAgain,
        0,
      ),
      "agent work done again after its end": evaluations.reduce((n, { redone }) => n + redone, 0),
      "commits of agents": notes.commits.length,
      "commits lost": lost.length,
      "commits of people": actions.filter(({ sha }) => sha !== null).length,
      "commits of people overwritten": trampled.length,
      "forced pushes": forced.length,
      "agents still alive": left.length,
      zombies: dead.length,
      "leftover files": files.length,
      "live jobs and holds": jobs.length + holds.length,
      "locks of jobs": locks.length,
      "timers and connections": open.length,
    },
  };
}

/** Wait until the queue has no live job, and return those that remain. */
async function liveJobs({ queue }: SoakServices): Promise<string[]> {
  const until = performance.now() + QUIET_MS;
  for (;;) {
    const jobs = await queue.getJobs([...LIVE_JOBS]);
    if (jobs.length === 0) return [];
    if (performance.now() > until) return jobs.map((job) => `job ${job.id ?? "?"}`);
    await sleep(200);
  }
}

/** Wait until no hold exists, and return those that remain. */
async function liveHolds({ redis }: SoakServices): Promise<string[]> {
  const until = performance.now() + QUIET_MS;
  for (;;) {
    const holds = await readHolds(redis);
    if (holds.length === 0) return [];
    if (performance.now() > until) return holds.map(({ name, reason }) => `hold ${name}: ${reason}`);
    await sleep(200);
  }
}

function readGitHub({ github }: SoakServices, number: number): OnGitHub {
  const ours = new RegExp(`^auto/gh-${number}(-\\d+)?$`);
  const comments = { status: 0, question: 0, answer: 0, failure: 0 };
  for (const { author, body } of github.comments(REPO, number)) {
    const marker = author === OWNER ? parseMarker(body) : null;
    if (marker !== null) comments[marker.kind] += 1;
  }
  return {
    pulls: github
      .pulls(REPO)
      .filter(({ head }) => ours.test(head))
      .map(({ number, head, state }) => ({ number, head, open: state === "open" })),
    branches: Object.keys(github.branches(REPO)).filter((name) => ours.test(name)),
    comments,
    labels: github.issue(REPO, number).labels,
  };
}

function strayBranches({ github }: SoakServices, opened: readonly SoakIssue[]): string[] {
  const known = new Set(opened.map(({ number }) => `auto/gh-${number}`));
  return Object.keys(github.branches(REPO))
    .filter((name) => name !== "main" && !known.has(name.replace(/(gh-\d+)-\d+$/, "$1")))
    .map((name) => `branch ${name}`);
}
