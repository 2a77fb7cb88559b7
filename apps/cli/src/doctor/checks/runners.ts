import { admissionText, OPEN, type Admission } from "@tac8/core/domain/admission";
import { presentRunners } from "@tac8/core/status/snapshot";
import { readQueueAdmission, runnerAdmission } from "@tac8/core/state/admission";
import { readRunners, type RunnerPresence } from "@tac8/core/state/presence";
import { withRedis } from "../../redis/connect.ts";
import { Problem } from "../../problems/problem.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";

const MAX_SHOWN = 5;

export const runners: Check = {
  name: "Runners",
  limitMs: 15_000,
  async inspect({ redisUrl, now }) {
    try {
      const [all, queue] = await withRedis(
        redisUrl,
        async (redis) => [await readRunners(redis), await readQueueAdmission(redis, now())] as const,
        "",
      );
      return evaluateRunners(presentRunners(all, now()), queue);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return [unknown("not checked: Redis did not respond")];
    }
  },
};

/** Evaluate the present runners: whether they accept new work, have their own names, use the same limits and are up to date. Pure. */
export function evaluateRunners(present: readonly RunnerPresence[], queue: Admission = OPEN): Finding[] {
  if (present.length === 0)
    return [
      ...admissionNotes("the queue", queue),
      note("no runner is running: start one (tac8 up, or sudo systemctl restart tac8.target on an installed machine)"),
    ];
  const renamed = present.filter(({ host, wantedHost }) => wantedHost !== undefined && wantedHost !== host);
  const findings = renamed
    .slice(0, MAX_SHOWN)
    .map(({ name, wantedHost }) =>
      note(
        `${name} has this name because the runner of another machine is named ${wantedHost}`,
        "set runner.name in the configuration of one of them, and restart its runner",
      ),
    );
  for (const { name, otherLimits = [] } of present.filter((runner) => runner.otherLimits).slice(0, MAX_SHOWN)) {
    findings.push(
      note(
        `${name} is configured with a different ${otherLimits.join(", ")} than the scheduler, whose limits apply`,
        "use the same values, and restart the processes that had others",
      ),
    );
  }
  const newest = Math.max(...present.map(({ format = 0 }) => format));
  for (const { name } of present.filter(({ format = 0 }) => format < newest).slice(0, MAX_SHOWN)) {
    findings.push(
      problem(
        `${name} runs an older version: it skips jobs that a newer runner has processed`,
        "upgrade tac8 on its machine",
      ),
    );
  }
  findings.push(
    ...admissionNotes("the queue", queue),
    ...present.flatMap((runner) => admissionNotes(runner.name, runnerAdmission(runner))).slice(0, MAX_SHOWN),
  );
  return findings.length > 0 ? findings : [ok(`${present.length} running, each with its own name`)];
}

function admissionNotes(what: string, admission: Admission): Finding[] {
  if (admission.state === "open") return [];
  return [note(`${what} is ${admissionText(admission)}`, "see tac8 status for what to do")];
}
