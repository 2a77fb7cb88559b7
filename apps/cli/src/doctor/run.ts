import { messageOf } from "@tac8/core/domain/messageOf";
import { valueWithin } from "@tac8/core/app/within";
import type { Check } from "./check.ts";
import { unknown, type Finding } from "./finding.ts";
import type { DoctorInput } from "./doctorInput.ts";

export interface CheckReport {
  readonly name: string;
  readonly findings: readonly Finding[];
}

/** Redact secrets, because the output of programs and servers may contain some. */
function withoutSecrets({ status, text, advice }: Finding, { redact }: Pick<DoctorInput, "redact">): Finding {
  return { status, text: redact(text), advice: advice === null ? null : redact(advice) };
}

/** Run all checks in parallel, and return their reports in order. A failed check does not stop the others; each has a time limit. */
export async function runChecks(checks: readonly Check[], input: DoctorInput): Promise<CheckReport[]> {
  return Promise.all(checks.map(async (check) => ({ name: check.name, findings: await findingsOf(check, input) })));
}

async function findingsOf({ name, limitMs, inspect }: Check, input: DoctorInput): Promise<readonly Finding[]> {
  const stop = new AbortController();
  const late = () => {
    stop.abort(new Error("it took too long"));
    return [unknown(`no result within ${limitMs / 1000} s`, `find out what slows it down, and try again`)];
  };
  try {
    const findings = await valueWithin(inspect(input, stop.signal), limitMs, late);
    return findings.map((finding) => withoutSecrets(finding, input));
  } catch (error) {
    const line = input.redact(messageOf(error).split("\n", 1)[0] ?? "");
    return [
      unknown(`could not be checked: ${line}`, `run tac8 doctor again; if it fails again, report it (check: ${name})`),
    ];
  }
}
