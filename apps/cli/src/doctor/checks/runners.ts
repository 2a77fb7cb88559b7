import { admissionText, OPEN, type Admission } from "@tac8/core/domain/admission";
import { presentRunners } from "@tac8/core/look/snapshot";
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
  async look({ redisUrl, now }) {
    try {
      const [all, queue] = await withRedis(
        redisUrl,
        async (redis) => [await readRunners(redis), await readQueueAdmission(redis, now())] as const,
        "",
      );
      return judgeRunners(presentRunners(all, now()), queue);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return [unknown("not checked: Redis did not answer")];
    }
  },
};

/** Pure: where no new work starts, the runners that are there, those whose name another machine has, and those of older versions. */
export function judgeRunners(present: readonly RunnerPresence[], queue: Admission = OPEN): Finding[] {
  if (present.length === 0) return [...admissionNotes("the queue", queue), note("none is there: tac8 up starts one")];
  const renamed = present.filter(({ host, wantedHost }) => wantedHost !== undefined && wantedHost !== host);
  const findings = renamed
    .slice(0, MAX_SHOWN)
    .map(({ name, wantedHost }) =>
      note(
        `${name} is so called because another machine's runner has the name ${wantedHost}`,
        "set runner.name in the configuration of one of them, and restart its runner",
      ),
    );
  for (const { name, otherLimits = [] } of present.filter((runner) => runner.otherLimits).slice(0, MAX_SHOWN)) {
    findings.push(
      note(
        `${name} has another value of ${otherLimits.join(", ")} in its configuration than the scheduler, whose limits hold`,
        "make the values equal, and restart what had the wrong ones",
      ),
    );
  }
  const newest = Math.max(...present.map(({ format = 0 }) => format));
  for (const { name } of present.filter(({ format = 0 }) => format < newest).slice(0, MAX_SHOWN)) {
    findings.push(
      problem(
        `${name} is of an older version: it takes no job that a runner of a newer version has worked on`,
        "upgrade tac8 on its machine",
      ),
    );
  }
  findings.push(
    ...admissionNotes("the queue", queue),
    ...present.flatMap((runner) => admissionNotes(runner.name, runnerAdmission(runner))).slice(0, MAX_SHOWN),
  );
  return findings.length > 0 ? findings : [ok(`${present.length} there, each with a name of its own`)];
}

function admissionNotes(what: string, admission: Admission): Finding[] {
  if (admission.state === "open") return [];
  return [note(`${what} is ${admissionText(admission)}`, "see tac8 status: it says what to do")];
}
