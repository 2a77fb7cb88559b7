import type { RunContext } from "../run/context.ts";

const COLORS = { working: "fbca04", blocked: "d93f0b", done: "0e8a16", failed: "b60205" } as const;
type Sign = keyof typeof COLORS;

const DESCRIPTIONS: Record<Sign, string> = {
  working: "An agent is working on this",
  blocked: "An agent waits for an answer",
  done: "Has its pull request",
  failed: "Ended without a pull request",
};

/** Shows where the issue stands: one of our labels, or none; every other one of ours comes off. */
export async function showLabel(run: RunContext, sign: Sign | null, present: readonly string[]): Promise<void> {
  const { github } = run.services;
  const { ref } = run;
  const options = { signal: run.switch.lost };
  const names = namesOf(run);
  const has = (name: string) => isAmong(present, name);
  for (const other of Object.keys(names) as Sign[]) {
    if (other !== sign && has(names[other])) await github.removeLabel(ref, ref.number, names[other], options);
  }
  if (sign === null || has(names[sign])) return;
  const label = { name: names[sign], color: COLORS[sign], description: DESCRIPTIONS[sign] };
  await github.ensureLabel(ref, label, options);
  await github.addLabel(ref, ref.number, label.name, options);
}

/** The sign of an earlier end that is on the issue: a run that never began changes nothing about it. */
export function signOfEnd(run: RunContext, present: readonly string[]): "done" | "failed" | null {
  const names = namesOf(run);
  if (isAmong(present, names.done)) return "done";
  return isAmong(present, names.failed) ? "failed" : null;
}

function namesOf({ services }: RunContext): Record<Sign, string> {
  const { label_working, label_blocked, label_done, label_failed } = services.config.github;
  return { working: label_working, blocked: label_blocked, done: label_done, failed: label_failed };
}

function isAmong(labels: readonly string[], name: string): boolean {
  return labels.some((label) => label.toLowerCase() === name.toLowerCase());
}
