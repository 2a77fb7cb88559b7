import { readRunners, RUNNER_OFFLINE_MS } from "@tac8/core/state/presence";
import { parseJobId, formatReference } from "@tac8/core/domain/reference";
import { withRedis } from "../../redis/connect.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import { findMarked, type Marked } from "../leftovers/processes.ts";
import { findQuarantined } from "../leftovers/quarantined.ts";
import { findRunNotes, type RunNote } from "../leftovers/runs.ts";
import type { DoctorInput } from "../doctorInput.ts";

const MAX_SHOWN = 5;
/** Younger processes may not be reported by their runner yet. */
const YOUNG_MS = 60_000;

export const leftovers: Check = {
  name: "Leftovers",
  limitMs: 20_000,
  async inspect(input) {
    const { dataFolder } = input.config;
    const [notes, quarantined] = await Promise.all([findRunNotes(dataFolder), findQuarantined(dataFolder)]);
    return evaluateLeftovers({
      notes,
      quarantined,
      marked: findMarked(dataFolder),
      reported: await reportedRuns(input),
    });
  },
};

/** Return the runs that runners report; null: Redis is unreachable. */
async function reportedRuns({ redisUrl, now }: DoctorInput): Promise<readonly string[] | null> {
  try {
    const runners = await withRedis(redisUrl, readRunners, "");
    return runners
      .filter(({ at }) => now() - at <= RUNNER_OFFLINE_MS)
      .flatMap(({ runs = [] }) => runs.map(({ run }) => run));
  } catch {
    return null; // Redis is unreachable, which the check of Redis reports.
  }
}

/** Evaluate what ended runs have left. Pure. `reported`: runs that runners report. */
export function evaluateLeftovers(found: {
  readonly notes: readonly RunNote[];
  readonly quarantined: readonly string[];
  readonly marked: readonly Marked[];
  readonly reported: readonly string[] | null;
}): Finding[] {
  const { notes, quarantined, marked, reported } = found;
  const dead = notes.filter(({ held }) => !held);
  const live = new Set([...notes.filter(({ held }) => held).map(({ run }) => run), ...(reported ?? [])]);
  const noted = new Set(dead.map(({ run }) => run));
  const orphans = marked.filter(({ run, ageMs }) => ageMs >= YOUNG_MS && !live.has(run));
  const findings = dead.slice(0, MAX_SHOWN).map(({ slot, jobId }) => {
    const ref = parseJobId(jobId ?? "");
    const whose = ref === null ? "a run" : `a run of ${formatReference(ref)}`;
    return problem(
      `slot ${slot}: ${whose} ended without a result, and no runner uses its slot`,
      "start tac8 here: its runner ends the remaining processes and requeues the job",
    );
  });
  const loose = orphans.filter(({ run }) => !noted.has(run));
  if (loose.length > 0) {
    const pids = loose.slice(0, 20).map(({ pid }) => pid);
    findings.push(
      problem(
        `${loose.length} processes of runs that no runner reports (${names(loose)})`,
        `end them: kill -9 ${pids.join(" ")}`,
      ),
    );
  }
  if (dead.length > MAX_SHOWN) findings.push(problem(`${dead.length - MAX_SHOWN} more such runs`, "as above"));
  if (quarantined.length > 0) {
    const shown = quarantined.slice(0, MAX_SHOWN).join(", ");
    findings.push(
      note(
        `${quarantined.length} damaged files were quarantined so that runs could continue: ${shown}`,
        "inspect them if you want; the janitor removes them later, and tac8 clean removes those that are due",
      ),
    );
  }
  return findings.length > 0 ? findings : [ok("none")];
}

function names(marked: readonly Marked[]): string {
  const all = [...new Set(marked.map(({ name }) => name))];
  return all.slice(0, 3).join(", ") + (all.length > 3 ? " …" : "");
}
