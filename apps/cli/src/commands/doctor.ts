import { RUNBOOK } from "@tac8/core/domain/healthKinds";
import { runChecks, type CheckReport } from "../doctor/run.ts";
import { renderReports, summary } from "../doctor/render.ts";
import { openDoctorInput } from "../doctor/doctorInput.ts";
import { CHECKS } from "../doctor/checks/table.ts";
import type { Context } from "../context/context.ts";
import { doctorOutput } from "../json/doctor.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { painter } from "../terminal/text.ts";

/**
 * Run all checks, and print their findings. The exit code is 1 if there is a problem to fix.
 */
export async function doctor(context: Context, { options }: Input): Promise<number> {
  const given = {
    fix: options["fix"] === true,
    agent: options["agent"] === true,
    notify: options["notify"] === true,
  };
  const input = openDoctorInput(context, options["config"] as string | undefined, given);
  const reports = await runChecks(CHECKS, input);
  if (options["json"] !== true) return show(context, reports);
  const checks = reports.flatMap(({ name, findings }) =>
    findings.map((finding) => ({ check: name, ...finding, verdict: finding.status })),
  );
  context.out.line(jsonOf(doctorOutput, { ok: !isWrong(reports), checks }));
  return isWrong(reports) ? 1 : 0;
}

/** Print the findings. @returns the exit code */
export function show({ out }: Pick<Context, "out">, reports: readonly CheckReport[]): number {
  const paint = painter(out.color);
  out.line(renderReports(reports, { width: out.columns ?? 120, paint }).join("\n"));
  out.line(`\n${paint(isWrong(reports) ? "red" : "green", summary(reports))}`);
  if (isWrong(reports)) out.line(paint("dim", `Details of each check: ${RUNBOOK}#tac8-doctor`));
  return isWrong(reports) ? 1 : 0;
}

function isWrong(reports: readonly CheckReport[]): boolean {
  return reports.some(({ findings }) => findings.some(({ status }) => status === "problem"));
}
