import { setTimeout as sleep } from "node:timers/promises";
import { SoakIssues } from "./soakIssues.ts";
import { Injector, type LandedFault } from "./inject.ts";
import { inspect, type Inspection } from "./inspect.ts";
import { buildSchedule, STEPS, type PlannedFault, type Schedule } from "./schedule.ts";
import { countOf, missingKinds, shortfalls } from "./shortfalls.ts";
import { createStage, type SoakServices } from "./stage.ts";

export interface SoakOptions {
  readonly seed: number;
  readonly issues: number;
  readonly runners: number;
  /** `PATH` of the apps and their agents; its first `node` starts them. */
  readonly path: string;
  /** Report progress, one line for each call. */
  readonly report: (line: string) => void;
}

export interface SoakResult extends Inspection {
  readonly schedule: Schedule;
  readonly landed: readonly LandedFault[];
  readonly seconds: number;
  /** Data, logs and witnesses; the caller removes it. */
  readonly dir: string;
  readonly remove: () => Promise<void>;
}

const CHECK_MS = 200;
/** Time limits, high enough for a busy machine. */
const SHORT = { issues: 20, ms: 420_000 };
const MS_PER_MORE = 20_000;
const MEMORY_MS = 2000;
/** Number of issues at once: more than slots, so that some always wait. */
const LIVE_PER_RUNNER = 2.5;

/** Run tac8 under faults until every issue is finished or the time is up, then inspect the result. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { seed, issues, runners, path, report } = options;
  const schedule = buildSchedule({ seed, issues });
  report(`seed ${seed}, schedule ${schedule.hash}: ${issues} issues, ${runners} runners`);
  const stage = await createStage({ runners, path });
  report(`in ${stage.dir}`);
  const begun = performance.now();
  const deadline = begun + SHORT.ms + Math.max(0, issues - SHORT.issues) * MS_PER_MORE;
  const soakIssues = new SoakIssues(stage, schedule);
  const injector = new Injector(stage, soakIssues);
  const landed: LandedFault[] = [];
  const findings: string[] = [];
  const over = new AbortController();
  for (const app of [stage.scheduler, ...stage.runners]) app.start();
  const tending = tend({ stage, issues: soakIssues, schedule, landed, findings, signal: over.signal });
  try {
    for (const fault of endlessly(schedule.faults)) {
      if (isEnough(landed, schedule) || performance.now() > deadline) break;
      if (canBeSkipped(fault, landed, schedule)) continue;
      await sleep(fault.pauseMs);
      const hit = await injector.inject(aimAtRarestStep(fault, landed, schedule));
      if (hit === null) continue;
      landed.push(hit);
      report(`${clock(begun)} ${String(landed.length).padStart(3)} ${hit.kind} in ${hit.step ?? "-"}: ${hit.what}`);
    }
    stage.github.clearFaults();
    findings.push(...shortfalls(landed, schedule));
    while (!soakIssues.over && performance.now() < deadline) {
      soakIssues.relabel();
      await sleep(CHECK_MS);
    }
  } finally {
    over.abort();
    await tending;
  }
  const seconds = Math.round((performance.now() - begun) / 1000);
  const inspection = await inspect({ stage, issues: soakIssues, landed, actions: injector.actions });
  return {
    ...inspection,
    findings: [...findings, ...injector.problems, ...inspection.findings],
    schedule,
    landed,
    seconds,
    dir: stage.dir,
    remove: () => stage.remove(),
  };
}

interface Tended {
  readonly stage: SoakServices;
  readonly issues: SoakIssues;
  readonly schedule: Schedule;
  readonly landed: readonly LandedFault[];
  readonly findings: string[];
  readonly signal: AbortSignal;
}

/** Open issues as faults land, answer questions, measure memory, and restart processes that exited. */
async function tend({ stage, issues, schedule, landed, findings, signal }: Tended): Promise<void> {
  let measured = performance.now();
  while (!signal.aborted) {
    await issues.read();
    issues.answer();
    // Keep as many issues live as the remaining faults need.
    const room = LIVE_PER_RUNNER * stage.runners.length;
    const early = issues.opened.length > room + progress(landed, schedule) * schedule.issues.length;
    issues.open(early ? stage.runners.length : room, { encore: !signal.aborted && !isEnough(landed, schedule) });
    for (const app of [stage.scheduler, ...stage.runners]) {
      const end = app.lives.at(-1)?.end;
      if (app.alive || end === undefined || end === null || end.asked !== null) continue;
      findings.push(`${app.name} ended by itself with ${String(end.code ?? end.signal)}`);
      app.start();
    }
    if (performance.now() - measured > MEMORY_MS) {
      measured = performance.now();
      for (const runner of stage.runners) runner.sampleMemory();
    }
    await sleep(CHECK_MS);
  }
}

function isEnough(landed: readonly LandedFault[], schedule: Pick<Schedule, "wanted">): boolean {
  return shortfalls(landed, schedule).length === 0;
}

/** Yield the faults again and again, so a fault that found no target gets another turn. */
function* endlessly(faults: readonly PlannedFault[]): Generator<PlannedFault> {
  for (;;) yield* faults;
}

/** Return whether a fault can be skipped: only certain kinds are still missing, and this is not one of them. */
function canBeSkipped({ kind }: PlannedFault, landed: readonly LandedFault[], { wanted }: Schedule): boolean {
  return isEnough(landed, { wanted: { ...wanted, kinds: [] } }) && !missingKinds(landed, wanted).includes(kind);
}

/** Return the share of the required faults that has landed, from 0 to 1. */
function progress(landed: readonly LandedFault[], { wanted }: Schedule): number {
  const steps = STEPS.map((step) => Math.min(1, countOf(landed, step) / wanted.perStep));
  const total = Math.min(1, landed.length / wanted.total);
  return (total + steps.reduce((sum, part) => sum + part, 0) / STEPS.length) / 2;
}

/** Return a fault that, in the second half of a soak, aims at the step with the fewest landed faults. */
function aimAtRarestStep(fault: PlannedFault, landed: readonly LandedFault[], { wanted }: Schedule): PlannedFault {
  if (landed.length < wanted.total / 2) return fault;
  const missing = STEPS.filter((step) => countOf(landed, step) < wanted.perStep);
  const step = missing.toSorted((a, b) => countOf(landed, a) - countOf(landed, b))[0];
  return step === undefined ? fault : { ...fault, step };
}

function clock(begun: number): string {
  return `${String(Math.round((performance.now() - begun) / 1000)).padStart(4)} s`;
}
