/** Every kind of reason that health can have. Each has a section of its name in docs/runbook.md. */
export const HEALTH_KINDS = [
  "redis",
  "redis-disk",
  "redis-policy",
  "redis-memory",
  "scheduler",
  "scheduler-trouble",
  "sharing",
  "service",
  "no-runner",
  "runner-offline",
  "all-rest",
  "overloaded",
  "paused",
  "limits",
  "older-runner",
  "isolation",
  "shared-home",
  "disk-full",
  "disk",
  "memory",
  "temperature",
  "lag",
  "hold",
  "failures",
  "github-rate-limit",
] as const;
export type HealthKind = (typeof HEALTH_KINDS)[number];

/** Code of a problem, `<kind>` or `<kind>:<where>`, stable across versions: for scripts, and to notify once per problem. */
export type ReasonCode = HealthKind | `${HealthKind}:${string}`;

/** Names of kinds in versions before 0.2. */
const FORMER_KINDS: Readonly<Record<string, string>> = { overloaded: "tired", "runner-offline": "runner-gone" };

/** Return the code by which versions before 0.2 named a reason; null: the same. For one release. Pure. */
export function formerCodeOf(code: string): string | null {
  const [kind = "", ...where] = code.split(":");
  const former = FORMER_KINDS[kind];
  return former === undefined ? null : [former, ...where].join(":");
}

/** Page with the advice for each kind. */
export const RUNBOOK = "https://github.com/OWNER/tac8/blob/main/docs/runbook.md";

/** Return the URL of the runbook's section about a reason. Pure. */
export function runbookOf(code: string): string {
  return `${RUNBOOK}#${code.split(":", 1)[0] ?? ""}`;
}
