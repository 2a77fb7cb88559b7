import { messageOf } from "@tac8/core/domain/messageOf";
import { valueWithin } from "@tac8/core/app/within";
import type { Check } from "./check.ts";
import { unknown, type Finding } from "./finding.ts";
import type { Site } from "./site.ts";

export interface CheckReport {
  readonly name: string;
  readonly findings: readonly Finding[];
}

/** Redact secrets, because the output of programs and servers may contain some. */
function withoutSecrets({ status, text, advice }: Finding, { redact }: Pick<Site, "redact">): Finding {
  return { status, text: redact(text), advice: advice === null ? null : redact(advice) };
}

/** Run all checks in parallel, and return their reports in order. A failed check does not stop the others; each has a time limit. */
export async function runChecks(checks: readonly Check[], site: Site): Promise<CheckReport[]> {
  return Promise.all(checks.map(async (check) => ({ name: check.name, findings: await findingsOf(check, site) })));
}

async function findingsOf({ name, limitMs, inspect }: Check, site: Site): Promise<readonly Finding[]> {
  const stop = new AbortController();
  const late = () => {
    stop.abort(new Error("it took too long"));
    return [unknown(`no result within ${limitMs / 1000} s`, `find out what slows it down, and try again`)];
  };
  try {
    const findings = await valueWithin(inspect(site, stop.signal), limitMs, late);
    return findings.map((finding) => withoutSecrets(finding, site));
  } catch (error) {
    const line = site.redact(messageOf(error).split("\n", 1)[0] ?? "");
    return [
      unknown(`could not be checked: ${line}`, `run tac8 doctor again; if it fails again, report it (check: ${name})`),
    ];
  }
}
