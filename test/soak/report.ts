import { BEHAVIOURS, type BehaviourName } from "./behaviours.ts";
import { FAULT_KINDS, STEPS } from "./schedule.ts";
import type { SoakResult } from "./soak.ts";
import { table } from "./table.ts";

/** Return the result of a soak as tables. Pure. */
export function report(result: SoakResult): string {
  const { schedule, seconds, findings, totals } = result;
  return [
    `seed ${schedule.seed} · schedule ${schedule.hash} · ${seconds} s`,
    faults(result),
    agents(result),
    table(
      ["counted by the witnesses", "", ""],
      Object.entries(totals).map(([what, count]) => [what, count, ""]),
    ),
    memory(result),
    findings.length === 0 ? "All is well." : ["NOT WELL:", ...findings.map((line) => `- ${line}`)].join("\n"),
  ].join("\n\n");
}

function faults({ landed, schedule }: SoakResult): string {
  const count = (kind: string | null, step: string | null | undefined) =>
    landed.filter((fault) => (kind === null || fault.kind === kind) && (step === undefined || fault.step === step))
      .length;
  const rows = [...FAULT_KINDS, null].map((kind) => [
    kind ?? "all",
    ...STEPS.map((step) => count(kind, step)),
    count(kind, null),
    count(kind, undefined),
  ]);
  const { total, perStep } = schedule.wanted;
  const wanted = ["wanted", ...STEPS.map(() => perStep), 0, total];
  return table(["fault that landed", ...STEPS, "elsewhere", "all"], [...rows, wanted]);
}

function agents({ opened, notes }: SoakResult): string {
  const names = Object.keys(BEHAVIOURS) as BehaviourName[];
  const rows = names.map((name) => {
    const issues = opened.filter(({ behaviour }) => behaviour === name);
    const asExpected = issues.filter(({ state }) => state?.state === BEHAVIOURS[name].end).length;
    const starts = notes.starts.filter(({ issue }) => issues.some(({ number }) => number === issue)).length;
    return [name, BEHAVIOURS[name].end, issues.length, asExpected, starts, notes.marks.get(name) ?? 0];
  });
  return table(["agent", "expected", "issues", "ended so", "started", "misbehaved"], rows);
}

/** Return a table of the memory of each process. The third measurement is the first one, because a process needs some seconds to start. */
function memory({ lives }: SoakResult): string {
  const rows = lives
    .filter(({ memory }) => memory.length >= 4)
    .map(({ name, pid, memory, end }) => [
      `${name} (${pid})`,
      memory.length * 2,
      memory[2] ?? 0,
      Math.max(...memory),
      memory.at(-1) ?? 0,
      end?.asked ?? "",
    ]);
  return table(["runner's memory, MB", "seconds", "first", "most", "last", "ended by"], rows);
}
